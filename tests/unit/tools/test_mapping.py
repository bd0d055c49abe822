"""The mapping language, each rule on a line that shows it, and the whole Icecat example on a line of its shape."""

from pathlib import Path

import pytest

from freshet.imports.mapping import as_event, is_wanted, map_line
from freshet.imports.mapping_file import parse_mapping, read_mapping, with_currency
from schemas.errors import InvalidEvent, SettingsError
from schemas.events import check_event
from schemas.limits import ATTRIBUTE_LIST_ITEMS_MAX

BASE = 'fields = { sku = "id", title = "name" }\n'
ICECAT = Path(__file__).parents[3] / "docs" / "examples" / "icecat.toml"
ICECAT_LINE = {
    "id": "42",
    "title": "Printer",
    "brand": "Canon",
    "model": "P-1",
    "short_description": None,
    "price_cents": 4995,
    "date_released": "2009-12-10T00:00:00Z",
    "ean": ["0095205603217"],
    "image_url": "http://images.example/p.jpg",
    "attrs_text": {"type": "Laser", "colour": "two\x00tone"},
    "attrs_num": {"type": 3.0, "weight": 1.5},
    "attrs_bool": {"type": True, "wifi": False},
}


def mapped(line: object, mapping: str) -> dict[str, object]:
    return map_line(line, parse_mapping(mapping)).event


def test_rename_constant_nested_and_unmapped_fields_become_attributes() -> None:
    mapping = (
        'fields = { sku = "id", title = "texts.name", availability = { value = "in_stock" } }\n'
        'attributes = { maker = "texts.made.by" }\n'
    )
    line = {"id": 7, "texts": {"name": "Lamp", "made": {"by": "Ada"}}, "watts": 40, "note": None}
    assert mapped(line, mapping) == {
        "type": "upsert",
        "sku": "7",
        "title": "Lamp",
        "availability": "in_stock",
        "attributes": {"maker": "Ada", "watts": 40},
    }


def test_a_key_that_holds_the_dots_wins_over_the_path() -> None:
    mapping = BASE + 'attributes = { weight = "size.kg" }\nunmapped = "drop"\n'
    line = {"id": "1", "name": "Lamp", "size.kg": 2, "size": {"kg": 3}}
    assert mapped(line, mapping)["attributes"] == {"weight": 2}


@pytest.mark.parametrize(
    ("value", "amount"), [(4995, 49.95), (1, 0.01), ("1999", 19.99), (110, 1.1), (29, 0.29), (0, 0.0)]
)
def test_scaling_gives_prices_without_stray_decimals(value: object, amount: float) -> None:
    mapping = '[fields]\nsku = "id"\ntitle = "name"\n"price.amount" = { from = "cents", scale = 0.01, decimals = 2 }\n'
    event = mapped({"id": "1", "name": "Lamp", "cents": value}, mapping)
    assert event["price"] == {"amount": amount}


def test_scaled_stock_is_a_whole_number() -> None:
    mapping = '[fields]\nsku = "id"\ntitle = "name"\nstock = { from = "dozens", scale = 12 }\n'
    stock = mapped({"id": "1", "name": "Eggs", "dozens": "2"}, mapping)["stock"]
    assert stock == 24
    assert type(stock) is int


@pytest.mark.parametrize("value", ["cheap", True, [1], "nan", "inf"])
def test_what_is_no_number_is_refused_with_the_fields_name(value: object) -> None:
    mapping = '[fields]\nsku = "id"\ntitle = "name"\nstock = { from = "pieces", scale = 1 }\n'
    with pytest.raises(InvalidEvent, match="pieces") as caught:
        mapped({"id": "1", "name": "Lamp", "pieces": value}, mapping)
    assert caught.value.problems[0].field == "pieces"


def test_split_list_and_prefix() -> None:
    mapping = (
        '[fields]\nsku = "id"\ntitle = "name"\ncategory = { from = "path", split = ">" }\n'
        'image_urls = { from = "image", list = true, prefix = "https://img.example/" }\n'
    )
    event = mapped({"id": "1", "name": "Lamp", "path": "Home > Light >", "image": "a.jpg"}, mapping)
    assert event["category"] == ["Home", "Light"]
    assert event["image_urls"] == ["https://img.example/a.jpg"]


@pytest.mark.parametrize(("items", "kept", "cuts"), [(2, 2, 0), (3, 2, 1)])
def test_items_max_cuts_and_counts(items: int, kept: int, cuts: int) -> None:
    mapping = parse_mapping(BASE + 'attributes = { ean = { from = "ean", items_max = 2 } }\n')
    found = map_line({"id": "1", "name": "Lamp", "ean": ["x"] * items}, mapping)
    assert found.event["attributes"] == {"ean": ["x"] * kept}
    assert found.cuts == cuts


@pytest.mark.parametrize(("text", "kept", "cuts"), [("abc", "abc", 0), ("abcd", "abc", 1)])
def test_chars_max_cuts_and_counts(text: str, kept: str, cuts: int) -> None:
    mapping = parse_mapping('fields = { sku = "id", title = { from = "name", chars_max = 3 } }')
    found = map_line({"id": "1", "name": text}, mapping)
    assert found.event["title"] == kept
    assert found.cuts == cuts


def test_flatten_with_prefix_and_clash() -> None:
    mapping = BASE + '[[flatten]]\nfrom = "a"\n[[flatten]]\nfrom = "b"\nprefix = "b_"\n[[flatten]]\nfrom = "c"\n'
    line = {"id": "1", "name": "Lamp", "a": {"x": 1, "gone": None}, "b": {"x": 2}}
    assert mapped(line, mapping)["attributes"] == {"x": 1, "b_x": 2}
    with pytest.raises(InvalidEvent, match="clash_suffix"):
        mapped({**line, "c": {"x": 3}}, mapping)
    with pytest.raises(InvalidEvent, match="must be an object"):
        mapped({**line, "c": [1]}, mapping)


def test_unmapped_policies() -> None:
    line = {"id": "1", "name": "Lamp", "extra": 1, "junk": 2}
    assert "attributes" not in mapped(line, BASE + 'unmapped = "drop"')
    with pytest.raises(InvalidEvent, match="extra"):
        mapped(line, BASE + 'unmapped = "refuse"\ndrop = ["junk"]')
    assert mapped(line, BASE + 'drop = ["junk"]')["attributes"] == {"extra": 1}


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ('fields = { sku = "id" }', "fields.title is missing"),
        (BASE + "surprise = 1", "surprise"),
        ('fields = { sku = "id", title = "t", colour = "c" }', "fields.colour"),
        ('fields = { sku = "id", title = { scale = 2.0 } }', "`from`"),
        ('fields = { sku = "id", title = { from = "t", value = "T" } }', "`from`"),
        ('fields = { sku = "id", title = { from = "t", twist = 1 } }', "twist"),
        ("fields = ", "not valid TOML"),
    ],
)
def test_a_wrong_mapping_names_the_key(mapping: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        parse_mapping(mapping)


def test_a_file_of_price_and_stock_changes_needs_no_title() -> None:
    mapping = 'fields = { type = { value = "patch" }, sku = "id", price = "p", stock = "s" }'
    event = mapped({"id": "1", "p": "5 EUR", "s": "3"}, mapping)
    check_event(event)
    assert event == {"type": "patch", "sku": "1", "price": {"amount": 5.0, "currency": "EUR"}, "stock": 3}


def test_a_missing_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="none"):
        read_mapping(tmp_path / "none.toml")


def test_a_line_without_mapping_is_an_upsert_unless_it_says_otherwise() -> None:
    assert as_event({"sku": "1", "title": "Lamp"}) == {"type": "upsert", "sku": "1", "title": "Lamp"}
    assert as_event({"type": "delete", "sku": "1"}) == {"type": "delete", "sku": "1"}
    with pytest.raises(InvalidEvent, match="one JSON object"):
        as_event([1])


def test_the_icecat_example_keeps_everything() -> None:
    found = map_line(ICECAT_LINE, read_mapping(ICECAT))
    check_event(found.event)
    assert found.event["price"] == {"amount": 49.95, "currency": "EUR"}
    assert "description" not in found.event
    assert found.event["attributes"] == {
        "model": "P-1",
        "ean": ["0095205603217"],
        "date_released": "2009-12-10T00:00:00Z",
        "type": "Laser",
        "colour": "two tone",
        "type_number": 3.0,
        "weight": 1.5,
        "type_yes_no": True,
        "wifi": False,
    }
    assert found.cuts == 1


def test_the_icecat_example_cuts_lists_at_the_limit_of_events() -> None:
    line = {**ICECAT_LINE, "ean": ["1"] * (ATTRIBUTE_LIST_ITEMS_MAX + 1)}
    check_event(map_line(line, read_mapping(ICECAT)).event)


TITLED = 'fields = { sku = "id", title = %s }\nunmapped = "drop"\n'


@pytest.mark.parametrize(
    ("rule", "title"),
    [
        ('["model", "name"]', "Lamp"),
        ('{ from = ["brand", "name", "size", "model"], join = " " }', "Lumen Lamp 40"),
        ('{ from = "model", default = "No name" }', "No name"),
        ('{ from = "html", html = true }', "A & B"),
        ('{ from = "name", words = { LAMP = "Light" } }', "Light"),
        ('{ from = "size", words = { "40" = "no text" } }', "40"),
    ],
)
def test_rules_that_make_a_text(rule: str, title: str) -> None:
    line = {"id": 1.0, "name": "Lamp", "brand": "Lumen", "model": None, "size": 40, "html": "<p>A &amp; B</p>"}
    assert mapped(line, TITLED % rule) == {"type": "upsert", "sku": "1", "title": title}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ('{ from = "text", number = "," }', 1299.5),
        ('{ from = "flag", yes_no = true }', False),
        ('{ from = "codes", json = true }', [1, 2]),
        ('{ from = "codes", split = "," }', ["[1", "2]"]),
        ('{ from = ["a", "b", "many"], list = true }', ["x", "y", "z"]),
        ('{ from = "owed", number = ".", min = 0 }', 0),
    ],
)
def test_rules_that_make_other_values(rule: str, value: object) -> None:
    line = {"id": "1", "name": "Lamp", "text": "1.299,50", "flag": "Nein", "codes": "[1,2]", "owed": "-4"}
    line |= {"a": "x", "b": None, "many": ["y", "z"]}  # type: ignore[dict-item]
    event = mapped(line, BASE + f'unmapped = "drop"\nattributes = {{ found = {rule} }}')
    assert event["attributes"] == {"found": value}


@pytest.mark.parametrize(
    ("price", "rule", "made"),
    [
        ("EUR 19,99", '"p"', (19.99, "EUR")),
        ("1,234", '{ from = "p", number = ",", currency = "EUR" }', (1.234, "EUR")),
        (5, '{ from = "p", currency = "USD" }', (5, "USD")),
        ("1999", '{ from = "p", currency = "USD", scale = 0.01, decimals = 2 }', (19.99, "USD")),
        ({"amount": 5, "currency": "EUR"}, '"p"', (5, "EUR")),
    ],
)
def test_a_price_is_read_with_its_currency(price: object, rule: str, made: tuple[float, str]) -> None:
    event = mapped(
        {"id": "1", "name": "Lamp", "p": price}, f'fields = {{ sku = "id", title = "name", price = {rule} }}'
    )
    assert event["price"] == {"amount": made[0], "currency": made[1]}


def test_a_currency_of_the_command_line_is_that_of_prices_that_name_none() -> None:
    mapping = parse_mapping('fields = { sku = "id", title = "name", price = "p" }')
    line = {"id": "1", "name": "Lamp", "p": "5"}
    with pytest.raises(InvalidEvent, match=r"p \(for price\): '5' does not say which currency"):
        map_line(line, mapping)
    with_euros = with_currency(mapping, "EUR")
    assert map_line(line, with_euros).event["price"] == {"amount": 5.0, "currency": "EUR"}
    assert with_euros.text != mapping.text, "another currency is another import"
    with pytest.raises(SettingsError, match="XXX"):
        with_currency(mapping, "XXX")


def test_texts_become_the_numbers_that_fields_need() -> None:
    mapping = (
        '[fields]\nsku = "id"\ntitle = "name"\nstock = "s"\nversion = "v"\navailability = "a"\n"price.amount" = "p"\n'
    )
    line = {"id": 7, "name": "Lamp", "s": "12", "v": "3", "a": "sold out", "p": "4,5"}
    event = mapped(line, mapping + '"price.currency" = { value = "EUR" }')
    assert (event["stock"], event["version"], event["availability"]) == (12, 3, "out_of_stock")
    assert event["price"] == {"amount": 4.5, "currency": "EUR"} and type(event["stock"]) is int


def test_a_raised_number_is_counted() -> None:
    mapping = parse_mapping('fields = { sku = "id", title = "name", stock = { from = "s", min = 0 } }')
    found = map_line({"id": "1", "name": "Lamp", "s": -3}, mapping)
    assert (found.event["stock"], found.cuts) == (0, 1)


@pytest.mark.parametrize(
    ("line", "wanted"), [({"code": "12345"}, True), ({"code": "POST"}, False), ({}, False), ([], True)]
)
def test_only_leaves_lines_out(line: object, wanted: bool) -> None:
    assert is_wanted(line, parse_mapping(BASE + "only = { code = '\\d{5}' }")) is wanted


def test_only_reads_a_field_without_making_it_an_attribute() -> None:
    assert "attributes" not in mapped({"id": "1", "name": "Lamp", "live": "yes"}, BASE + 'only = { live = "yes" }')


def test_flatten_reads_json() -> None:
    mapping = BASE + '[[flatten]]\nfrom = "more"\njson = true\n'
    assert mapped({"id": "1", "name": "Lamp", "more": '{"watts": 7}'}, mapping)["attributes"] == {"watts": 7}
    with pytest.raises(InvalidEvent, match="more: is not valid JSON"):
        mapped({"id": "1", "name": "Lamp", "more": "{"}, mapping)


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ('fields = { sku = "id", title = { from = "t", join = "-" } }', "`join` needs a list"),
        ('fields = { sku = "id", title = { from = "t", currency = "EUR" } }', "only the field `price`"),
        ('fields = { sku = "id", title = "t", price = { from = "p", currency = "ABC" } }', "ABC is not a currency"),
        ('fields = { sku = "id", title = "t", price = { from = "p", number = "x" } }', "number"),
        (BASE + 'only = { a = "(" }', "only.a"),
        ('fields = { sku = "id", title = "t", price = "p", "price.currency" = "c" }', "give either"),
    ],
)
def test_a_wrong_rule_names_the_key(mapping: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        parse_mapping(mapping)


def test_a_mapping_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"m\.toml"):
        read_mapping(file)


EXAMPLES = ICECAT.parent
"""Each mapping in the documents is one that can be read."""


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_examples_are_valid(path: Path) -> None:
    read_mapping(path)
