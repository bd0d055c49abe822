"""The mapping language, each rule on a line that shows it, and the whole Icecat example on a line of its shape."""

from pathlib import Path

import pytest

from freshet.mapping import as_event, map_line, parse_mapping, read_mapping
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
