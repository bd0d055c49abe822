"""Writes products as JSON Lines or CSV, so that importing the file gives the same products."""

import csv
import io
from typing import Any

import orjson

from freshet.imports.catalogue_cut import Product

CSV_COLUMNS = (
    *("sku", "title", "description", "brand", "category", "price", "stock", "availability", "image_urls", "url"),
    *("locale", "attributes"),
)
LEVEL = " > "
ITEM = " | "


def json_line(product: Product) -> bytes:
    """An upsert without its type. Pure."""
    values = {"sku": product.sku, **_values(product)}
    return orjson.dumps({name: value for name, value in values.items() if value not in (None, {})}) + b"\n"


def csv_header() -> bytes:
    return _row(CSV_COLUMNS)


def csv_line(product: Product) -> bytes:
    """Lists as people write them, or as JSON where that would read back as something else. Pure."""
    values = {"sku": product.sku, **_values(product)}
    price = product.offer.price
    cells = {
        **values,
        "category": _list(values["category"], LEVEL),
        "image_urls": _list(values["image_urls"], ITEM),
        "price": f"{_plain(price.amount)} {price.currency}" if price else None,
        "attributes": orjson.dumps(values["attributes"]).decode() if values["attributes"] else None,
    }
    return _row(["" if cells[name] is None else cells[name] for name in CSV_COLUMNS])


def _values(product: Product) -> dict[str, Any]:
    return {**product.content.model_dump(), **product.offer.model_dump()}


def _list(items: list[str] | None, separator: str) -> str | None:
    """JSON where a separator, white space at an end, or a bracket in front would read back as something else."""
    if items is None:
        return None
    text = separator.join(items)
    again = [part.strip() for part in text.split(separator) if part.strip()]
    return text if again == items and text[:1] not in ("[", "{") else orjson.dumps(items).decode()


def _plain(amount: float) -> str:
    """Without exponent, with a point: 19.99, 1000000000."""
    return format(amount, ".4f").rstrip("0").rstrip(".")


def _row(cells: "list[Any] | tuple[str, ...]") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
