"""Shopify's product CSV: several lines a product (variants, more images), joined by handle into one row per variant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

from freshet.imports.readers.delimited import Delimited
from freshet.imports.readers.rows import Row
from freshet.imports.readers.text import UTF_8
from schemas.errors import InvalidEvent

LINES_PER_PRODUCT_MAX = 5_000
"""Shopify allows 2,048 variants and 250 images a product."""
NEW_NAMES = {
    "URL handle": "Handle",
    "Description": "Body (HTML)",
    "Product category": "Product Category",
    "Published on online store": "Published",
    "SKU": "Variant SKU",
    "Barcode": "Variant Barcode",
    "Option1 name": "Option1 Name",
    "Option1 value": "Option1 Value",
    "Option2 name": "Option2 Name",
    "Option2 value": "Option2 Value",
    "Option3 name": "Option3 Name",
    "Option3 value": "Option3 Value",
    "Price": "Variant Price",
    "Compare-at price": "Variant Compare At Price",
    "Inventory tracker": "Variant Inventory Tracker",
    "Inventory quantity": "Variant Inventory Qty",
    "Continue selling when out of stock": "Variant Inventory Policy",
    "Product image URL": "Image Src",
    "Image position": "Image Position",
    "Variant image URL": "Variant Image",
}
"""Headings of the template of 2025, and what exports have called them before: mappings use the latter."""
NEEDED = ("Handle", "Title", "Variant Price")
OWN = "Variant "
"""Columns of this prefix are the variant's own, never its neighbour's: a blank one stays blank."""
OPTIONS = ("Option1", "Option2", "Option3")
NO_OPTION = "Default Title"
"""Shopify's value for a product without variants."""
GOES_ON = frozenset({"continue", "true", "yes"})
"""Inventory policies under which a product is sold without stock."""

Cells = dict[str, str | None]


class _Line(NamedTuple):
    number: int
    cells: Cells
    original: list[str]
    bytes_read: int


def is_shopify(header: Sequence[str]) -> bool:
    """Whether a header is that of a Shopify export. Pure."""
    names = {NEW_NAMES.get(name.strip(), name.strip()) for name in header}
    return names.issuperset(NEEDED)


@dataclass(frozen=True)
class ShopifyProducts:
    """Each row holds the columns of its line, under their older names, with the product's own filled in, and also:

    `sku` (the variant's, else handle#1 ...), `name` (title with the option values), `images` (list, this variant's
    first), `options` (by name), `stock` (None when it is not counted) and `availability`.
    """

    table: Delimited
    format: str = "shopify"

    @property
    def path(self) -> Path:
        return self.table.path

    @property
    def header(self) -> list[str]:
        return self.table.header

    @property
    def size_bytes(self) -> int:
        return self.table.size_bytes

    def rows(self) -> Iterator[Row]:
        for _, lines in groupby(self._lines(), key=_handle):
            gathered = islice(lines, LINES_PER_PRODUCT_MAX + 1)  # one too many tells that it is refused
            yield from self._variants(list(gathered))

    def _lines(self) -> Iterator[Row]:
        for row in self.table.rows():
            if isinstance(row.value, dict):
                cells = {NEW_NAMES.get(name, name): cell for name, cell in row.value.items()}
                yield row._replace(value=cells)
            else:
                yield row

    def _variants(self, rows: list[Row]) -> Iterator[Row]:
        lines = []
        for row in rows:
            if isinstance(row.value, dict) and isinstance(row.original, list):
                lines.append(_Line(row.number, row.value, row.original[0], row.bytes_read))
            else:
                yield row
        if not lines:
            return
        first = lines[0]
        if len(lines) > LINES_PER_PRODUCT_MAX or not first.cells.get("Handle"):
            yield Row(first.number, None, _refusal(len(lines), first), [first.original], first.bytes_read)
            return
        images = _images(lines)
        variants = [line for line in lines if line is first or _is_variant(line.cells)]
        for place, line in enumerate(variants, start=1):
            value = _variant(first.cells, line.cells, place, images)
            yield Row(line.number, value, None, self._original(value, images), line.bytes_read)

    def _original(self, value: dict[str, Any], images: list[str]) -> list[list[str]]:
        """The variant as a product of its own, so that it can be mended and imported again: further images below."""
        cells: dict[str, Any] = {**value, "Variant SKU": value["sku"], "Image Src": images[0] if images else None}
        more = [{"Handle": value["Handle"], "Image Src": image} for image in images[1:]]
        names = [NEW_NAMES.get(name.strip(), name.strip()) for name in self.header]
        return [[str(line.get(name) or "") for name in names] for line in (cells, *more)]


def _handle(row: Row) -> object:
    """A line without one is a row of its own: nothing says that it belongs to the line before."""
    return row.value.get("Handle") or row.number if isinstance(row.value, dict) else row.number


def _refusal(lines: int, first: _Line) -> InvalidEvent:
    if lines > LINES_PER_PRODUCT_MAX:
        return InvalidEvent("too_many_lines", f"the product has more than {LINES_PER_PRODUCT_MAX:,} lines")
    return InvalidEvent("no_handle", f"line {first.number} has no Handle")


def _is_variant(cells: Cells) -> bool:
    return any(cells.get(name) for name in ("Variant SKU", "Variant Price", "Option1 Value"))


def _images(lines: list[_Line]) -> list[str]:
    """In the order of their positions, each once."""
    placed = [(_position(line.cells), image) for line in lines if (image := line.cells.get("Image Src"))]
    return list(dict.fromkeys(image for _, image in sorted(placed, key=lambda found: found[0])))


def _position(cells: Cells) -> int:
    text = cells.get("Image Position") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else LINES_PER_PRODUCT_MAX


def _variant(product: Cells, line: Cells, place: int, images: list[str]) -> dict[str, Any]:
    value: dict[str, Any] = {
        name: cell if cell is not None or name.startswith(OWN) else product.get(name) for name, cell in line.items()
    }
    options = {
        str(product.get(f"{option} Name") or line.get(f"{option} Name") or option): str(line[f"{option} Value"])
        for option in OPTIONS
        if line.get(f"{option} Value") and line.get(f"{option} Value") != NO_OPTION
    }
    sku = (line.get("Variant SKU") or "").strip().lstrip("'")  # Shopify protects numbers from Excel by a quote
    own = line.get("Variant Image")
    stock, availability = _stock(line)
    return value | {
        "sku": sku or f"{product['Handle']}#{place}",
        "name": " - ".join(filter(None, (product.get("Title"), " / ".join(options.values())))) or None,
        "images": list(dict.fromkeys([*([own] if own else []), *images])) or None,
        "options": options,
        "stock": stock,
        "availability": availability,
    }


def _stock(line: Cells) -> tuple[int | None, str | None]:
    """Stock that is not counted, or sold beyond, says nothing: such a variant can be bought."""
    quantity = (line.get("Variant Inventory Qty") or "").strip()
    counted = bool(line.get("Variant Inventory Tracker"))
    goes_on = (line.get("Variant Inventory Policy") or "").strip().lower() in GOES_ON
    if not counted or goes_on:
        return None, "in_stock"
    try:
        return max(0, int(float(quantity))), None  # sold too many: Shopify counts below zero
    except (ValueError, OverflowError):
        return None, None


def shopify_file(path: Path, encoding: str = UTF_8, delimiter: str = "") -> ShopifyProducts:
    return ShopifyProducts(Delimited(path, "csv", encoding, delimiter))
