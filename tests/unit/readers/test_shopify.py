"""Shopify's export: variants, images and options over several lines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshet.imports.builtin_mappings import builtin_mapping
from freshet.imports.mapping import map_line
from freshet.imports.mapping_file import with_currency
from freshet.imports.product_lines import LeftOut, Ready, prepare
from freshet.imports.readers.choose import open_source
from freshet.imports.readers.rows import Row
from freshet.imports.readers.shopify import LINES_PER_PRODUCT_MAX, ShopifyProducts, is_shopify, shopify_file
from schemas.events import check_event
from tests.unit.readers.files import file_of, problems, values

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Variant Compare At Price,Variant Barcode,Image Src,Image Position,Variant Image,Status\n"
)
SHIRT = (
    'shirt,Shirt,"<p>Soft<br>cotton &amp; linen</p>",Ada,Apparel > Shirts,Tops,"summer, linen",true,Size,S,Colour,Red,'
    "SH-S,shopify,3,deny,19.90,25.00,'0123,https://i.example/2.jpg,2,,active\n"
    "shirt,,,,,,,,,M,,Red,,shopify,-2,deny,21.90,,,https://i.example/1.jpg,1,https://i.example/m.jpg,\n"
    "shirt,,,,,,,,,,,,,,,,,,,https://i.example/3.jpg,3,,\n"
)
MUG = "mug,Mug,,Cera,,Mugs,,TRUE,Title,Default Title,,,,,,deny,5,,,,,,active\n"
DRAFT = "vase,Vase,,Cera,,Vases,,false,Title,Default Title,,,V1,,,deny,5,,,,,,draft\n"


def events(folder: Path, text: str) -> list[dict[str, Any]]:
    source = shopify_file(file_of(folder, "products_export.csv", text))
    mapping = builtin_mapping(source)
    assert mapping is not None
    made = [map_line(value, with_currency(mapping, "EUR")).event for value in values(source)]
    for event in made:
        check_event(event)
    return made


def test_each_variant_is_a_product(tmp_path: Path) -> None:
    small, medium, mug = events(tmp_path, HEADER + SHIRT + MUG)
    assert small == {
        "type": "upsert",
        "sku": "SH-S",
        "title": "Shirt - S / Red",
        "description": "Soft\ncotton & linen",
        "brand": "Ada",
        "category": ["Apparel", "Shirts"],
        "price": {"amount": 19.9, "currency": "EUR"},
        "stock": 3,
        "image_urls": [f"https://i.example/{number}.jpg" for number in (1, 2, 3)],
        "attributes": {
            "product": "shirt",
            "type": "Tops",
            "tags": ["summer", "linen"],
            "barcode": "'0123",
            "compare_at_price": 25.0,
            "Size": "S",
            "Colour": "Red",
        },
    }
    assert (medium["sku"], medium["title"], medium["stock"]) == ("shirt#2", "Shirt - M / Red", 0)
    assert medium["image_urls"][0] == "https://i.example/m.jpg" and "barcode" not in medium["attributes"]
    assert medium["brand"] == "Ada"
    assert (mug["sku"], mug["title"], mug["availability"]) == ("mug#1", "Mug", "in_stock")
    assert "stock" not in mug and "image_urls" not in mug


def test_what_is_not_published_is_left_out(tmp_path: Path) -> None:
    source = shopify_file(file_of(tmp_path, "p.csv", HEADER + DRAFT + MUG))
    mapping = builtin_mapping(source)
    assert mapping is not None
    made = [prepare(row, with_currency(mapping, "EUR")) for row in source.rows()]
    assert [type(line) for line in made] == [LeftOut, Ready]


@pytest.mark.parametrize(
    ("tracker", "quantity", "policy", "stock", "availability"),
    [
        ("shopify", "4", "deny", 4, None),
        ("shopify", "-1", "deny", 0, None),
        ("shopify", "0", "continue", None, "in_stock"),
        ("", "", "deny", None, "in_stock"),
        ("shopify", "", "deny", None, None),
        ("shopify", "many", "deny", None, None),
    ],
)
def test_stock(
    tmp_path: Path, tracker: str, quantity: str, policy: str, stock: int | None, availability: str | None
) -> None:
    line = f"mug,Mug,,Cera,,Mugs,,TRUE,Title,Default Title,,,M,{tracker},{quantity},{policy},5,,,,,,active\n"
    (value,) = values(shopify_file(file_of(tmp_path, "p.csv", HEADER + line)))
    assert (value["stock"], value["availability"]) == (stock, availability)


def test_the_template_of_2025_has_other_names(tmp_path: Path) -> None:
    header = (
        "Title,URL handle,Description,Vendor,Published on online store,Status,SKU,Option1 name,Option1 value,Price,"
    )
    header += "Inventory tracker,Inventory quantity,Continue selling when out of stock,Product image URL\n"
    line = "Mug,mug,<p>Big</p>,Cera,TRUE,Active,M-1,Colour,Blue,5.00,shopify,7,DENY,https://i.example/m.jpg\n"
    assert is_shopify(header.strip().split(","))
    (mug,) = events(tmp_path, header + line)
    assert (mug["sku"], mug["title"], mug["stock"], mug["description"]) == ("M-1", "Mug - Blue", 7, "Big")


def test_a_line_without_handle_and_one_that_is_ragged(tmp_path: Path) -> None:
    source = shopify_file(file_of(tmp_path, "p.csv", HEADER + MUG[3:] + "mug,Mug\n" + MUG))
    assert problems(source) == {2: "no_handle", 3: "ragged_row"}
    assert len(values(source)) == 1


def test_each_line_without_handle_is_a_row_of_its_own(tmp_path: Path) -> None:
    source = shopify_file(file_of(tmp_path, "p.csv", HEADER + MUG[3:] + MUG[3:] + MUG + MUG[3:]))
    assert problems(source) == {2: "no_handle", 3: "no_handle", 5: "no_handle"}
    assert [row.original[0][1] for row in source.rows() if isinstance(row.original, list)] == ["Mug"] * 4
    assert len(values(source)) == 1


def test_a_blank_column_of_a_variant_is_not_its_neighbours(tmp_path: Path) -> None:
    small, medium = events(tmp_path, HEADER + SHIRT)
    assert small["attributes"]["compare_at_price"] == 25.0
    assert "compare_at_price" not in medium["attributes"] and medium["brand"] == "Ada"


@pytest.mark.parametrize(
    ("lines", "bad"), [(LINES_PER_PRODUCT_MAX, {}), (LINES_PER_PRODUCT_MAX + 1, {2: "too_many_lines"})]
)
def test_the_lines_of_a_product(tmp_path: Path, lines: int, bad: dict[int, str]) -> None:
    image = "mug" + "," * 19 + "https://i.example/{}.jpg,,,\n"
    text = HEADER + MUG + "".join(image.replace("," * 19, "," * 18 + ",").format(number) for number in range(lines - 1))
    assert problems(shopify_file(file_of(tmp_path, "p.csv", text))) == bad


def test_a_handle_that_never_ends_is_not_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is one row then, whatever its length, and no more than tells so is held."""
    held, variants = [], ShopifyProducts._variants

    def counted(products: ShopifyProducts, rows: list[Row]) -> Iterator[Row]:
        held.append(len(rows))
        return variants(products, rows)

    monkeypatch.setattr(ShopifyProducts, "_variants", counted)
    source = shopify_file(file_of(tmp_path, "p.csv", HEADER + MUG * (LINES_PER_PRODUCT_MAX + 50) + DRAFT))
    assert problems(source) == {2: "too_many_lines"} and len(values(source)) == 1
    assert max(held) == LINES_PER_PRODUCT_MAX + 1


def test_a_rejected_variant_can_be_mended_and_imported_alone(tmp_path: Path) -> None:
    source = shopify_file(file_of(tmp_path, "p.csv", HEADER + SHIRT))
    second = list(source.rows())[1]
    assert isinstance(second.original, list) and len(second.original) == 3
    lines = [",".join(f'"{cell}"' for cell in cells) for cells in second.original]
    (again,) = events(tmp_path, HEADER + "\n".join(lines) + "\n")
    (_, before) = events(tmp_path, HEADER + SHIRT)
    assert again == before


def test_it_is_told_by_its_header(tmp_path: Path) -> None:
    assert open_source(file_of(tmp_path, "p.csv", HEADER + MUG)).format == "shopify"
    assert open_source(file_of(tmp_path, "p.csv", HEADER + MUG), "csv").format == "csv"
