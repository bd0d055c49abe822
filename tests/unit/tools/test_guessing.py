"""Proposed mappings: they can be used as they are, and say what somebody must check."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from freshet.imports.checking import checked
from freshet.imports.column_profile import profiles_of
from freshet.imports.guessing import guess, plain_name
from freshet.imports.mapping import map_line
from freshet.imports.mapping_file import parse_mapping
from freshet.imports.mapping_text import mapping_text
from freshet.imports.product_lines import Ready
from freshet.imports.readers.choose import open_source
from freshet.run_guess import guess_mapping
from tests.unit.readers.files import file_of


def proposed(*rows: dict[str, Any], currency: str = "") -> str:
    return mapping_text(guess(profiles_of(rows), len(rows), currency), "test")


def event(*rows: dict[str, Any], currency: str = "") -> dict[str, Any]:
    """What the proposal for these rows makes of the first."""
    return map_line(rows[0], parse_mapping(proposed(*rows, currency=currency))).event


def test_names_in_other_languages_and_a_decimal_comma() -> None:
    rows = [
        {"Artikelnummer": f"A{n}", "Bezeichnung": f"Lampe {n}", "Preis": f"{n},95", "Bestand": "4", "Marke": "Lumen"}
        for n in range(5)
    ]
    made = event(*rows, currency="CHF")
    assert made["sku"] == "A0" and made["title"] == "Lampe 0" and made["brand"] == "Lumen" and made["stock"] == 4
    assert made["price"] == {"amount": 0.95, "currency": "CHF"}


@pytest.mark.parametrize(
    ("column", "values", "price"),
    [
        ("price", ["19.99 EUR", "5.00 EUR"], {"amount": 19.99, "currency": "EUR"}),
        ("price", ["$1,299.00", "$5"], {"amount": 1299.0, "currency": "USD"}),
        ("price_cents", [1999, 500], {"amount": 19.99, "currency": "EUR"}),
        ("price", ["1.299,00", "5,00"], {"amount": 1299.0, "currency": "EUR"}),
        ("price", ["1,299.00", "5.00"], {"amount": 1299.0, "currency": "EUR"}),
        ("unit_price", [2.5, 3], {"amount": 2.5, "currency": "EUR"}),
    ],
)
def test_prices(column: str, values: list[Any], price: dict[str, Any]) -> None:
    rows = [{"sku": f"s{n}", "title": "Lamp", column: value} for n, value in enumerate(values)]
    assert event(*rows)["price"] == price


def test_a_currency_column_is_taken() -> None:
    rows = [{"id": str(n), "name": "Lamp", "price": "5.00", "currency": "SEK"} for n in range(3)]
    assert event(*rows)["price"] == {"amount": 5.0, "currency": "SEK"}


def test_a_currency_that_nobody_names_must_be_checked() -> None:
    assert "CHECK the currency" in proposed({"id": "1", "name": "Lamp", "price": 5})


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Home > Lamps", ["Home", "Lamps"]),
        ("Home|Lamps", ["Home", "Lamps"]),
        ("Home/Lamps", ["Home", "Lamps"]),
        ("TV, Hi-Fi", ["TV", "Hi-Fi"]),
    ],
)
def test_category_separators(text: str, path: list[str]) -> None:
    rows = [{"id": str(n), "name": "Lamp", "category": text} for n in range(5)]
    assert event(*rows)["category"] == path


def test_values_decide_where_names_mislead() -> None:
    """A price that is a text, a stock below zero, and a title that is missing half the time."""
    rows = [
        {"id": str(n), "title": "x" if n % 2 else None, "name": f"Lamp {n}", "price": "cheap", "quantity": -n}
        for n in range(10)
    ]
    made = event(*rows)
    assert made["title"] == "Lamp 0" and "price" not in made and "stock" not in made
    assert made["attributes"]["price"] == "cheap"


def test_html_lists_urls_maps_controls_and_empty_columns() -> None:
    row = {
        "sku": "1",
        "title": "La\x00mp",
        "description": "<p>Warm</p>",
        "images": ["https://a.example/1"] * 30,
        "codes": ["1"] * 150,
        "specs": {"watts": 7},
        "in_stock": "yes",
        "empty": None,
        "note": "n",
    }
    text = proposed(row)
    made = map_line(row, parse_mapping(text)).event
    assert 'drop = ["empty"]' in text and "clean = true" in text
    assert made["title"] == "La mp" and made["description"] == "Warm" and made["availability"] == "in_stock"
    assert len(made["image_urls"]) == 20
    assert len(made["attributes"].pop("codes")) == 100
    assert made["attributes"] == {"watts": 7, "note": "n"}


def test_several_rows_a_product_are_said_and_their_other_columns_left_out() -> None:
    rows = [{"stock_code": f"c{n % 3}", "description": "Mug", "invoice": str(n)} for n in range(12)]
    text = proposed(*rows)
    assert "12 rows hold 3 different SKUs" in text and "attributes" not in event(*rows)


def test_a_file_of_changes_patches() -> None:
    rows = [{"sku": f"s{n}", "price": "5 EUR", "stock": n} for n in range(3)]
    assert event(*rows) == {"type": "patch", "sku": "s0", "price": {"amount": 5.0, "currency": "EUR"}, "stock": 0}


def test_without_a_column_for_the_sku_the_proposal_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(tmp_path, "p.csv", "colour,watts\nwhite,7\n")
    assert guess_mapping(file, "", "", "", False) == 1
    assert '# sku = "?"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Body (HTML)", "body_html"),
        ("priceCents", "price_cents"),
        ("Artikel-Nr.", "artikel_nr"),
        ("a.b.Title", "title"),
    ],
)
def test_names_are_compared_without_their_dress(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_names_that_toml_must_quote() -> None:
    rows = [{"sku": "1", "title": "Lamp", 'odd "name"\\': None, "wat.ts": {"x y": 1}}]
    text = proposed(*rows)
    assert map_line(rows[0], parse_mapping(text)).event["attributes"] == {"x y": 1}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.csv", "sku;name;price\n1;Lamp;5,95\n2;Mug;1,00\n"),
        ("p.jsonl", '{"id": 1, "name": "Lamp"}\n{"id": 2, "name": "Mug"}\n'),
        ("p.tsv", "id\ttitle\n1\tLamp\n2\tMug\n"),
        ("p.xml", '<rss xmlns:g="http://base.google.com/ns/1.0"><item><g:id>1</g:id><title>Lamp</title></item></rss>'),
        ("p.csv", "Handle,Title,Variant Price\nmug,Mug,5\n"),
    ],
)
def test_every_format_has_a_proposal_that_works_as_it_is(
    tmp_path: Path, name: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path, name, content)
    assert guess_mapping(file, "", "", "EUR", False) == 0
    said = capsys.readouterr()
    assert "product 1: {" in said.err and "rows" in said.err
    mapping = parse_mapping(said.out)
    row = next(open_source(file).rows())
    assert isinstance(checked(row, mapping), Ready)
    assert guess_mapping(file, "", "", "EUR", True) == 0
    assert orjson.loads(capsys.readouterr().out)["good"] > 0


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("icecat/products.jsonl.gz", {"sku": "id", "title": "title", "brand": "brand", "price": "price_cents"}),
        (
            "online_retail/transactions_to_2011-09.parquet",
            {"sku": "stock_code", "title": "description", "price": "unit_price"},
        ),
        ("grocery_store/products.csv", {"sku": "class_id", "title": "title", "category": "category"}),
    ],
)
def test_real_files(real_data: Path, path: str, fields: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert guess_mapping(real_data / path, "", "", "", True) == 0
    found = orjson.loads(capsys.readouterr().out)
    mapping = parse_mapping(found["mapping"])
    assert {target: mapping.fields[target].from_ for target in fields} == fields
    assert found["good"] >= 0.98 * found["sample"] and len(found["products"]) == 3
