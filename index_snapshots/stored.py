"""Reads one SKU back from the columns and rows, and hashes it: the same for the writer and for every view."""

from typing import Any, Final, NamedTuple, Protocol

from index_snapshots import digests
from index_snapshots.columns import NO_CODE, NO_NUMBER, NO_ROW
from index_snapshots.orders import NO_ORDER
from index_snapshots.visibility import Document, OfferMark
from index_snapshots.words import Paths, Words
from schemas.records import Availability, Offer, Price

AVAILABILITIES: Final[tuple[Availability, ...]] = ("in_stock", "out_of_stock", "preorder", "backorder", "discontinued")
"""Availability by code. Append only: snapshots hold the codes."""


class Cells(Protocol):
    """Columns, frozen or not."""

    def get(self, name: str, slot: int) -> Any: ...


class Rows(Protocol):
    """Vectors by row, frozen or not."""

    def half(self, row: int) -> bytes: ...


class Texts(Protocol):
    """Bodies by slot, frozen or not."""

    def __getitem__(self, slot: int) -> bytes: ...


class Vocabulary(NamedTuple):
    """Names and codes, append-only and shared by the writer and all its views."""

    skus: list[str]
    slot_of: dict[str, int]
    brands: Words
    categories: Paths
    currencies: Words


def marks(cells: Cells, slot: int) -> tuple[Document | None, OfferMark | None]:
    """What `visible` needs of one SKU."""
    get = cells.get
    document, offer = get("document_order", slot), get("offer_order", slot)
    return (
        None if document == NO_ORDER else Document(document, get("row", slot) != NO_ROW),
        None if offer == NO_ORDER else OfferMark(offer, get("offer_live", slot), get("live_since", slot)),
    )


def offer_at(cells: Cells, currencies: Words, slot: int) -> Offer | None:
    get = cells.get
    if not get("offer_live", slot):
        return None
    amount, stock, availability = get("price", slot), get("stock", slot), get("availability", slot)
    currency = get("currency", slot)
    return Offer(
        price=None if currency == NO_CODE else Price(amount=amount, currency=currencies.words[currency]),
        stock=None if stock == NO_NUMBER else stock,
        availability=None if availability == NO_CODE else AVAILABILITIES[availability],
    )


def document_hash(cells: Cells, rows: Rows, bodies: Texts, skus: list[str], slot: int) -> int:
    """0 when no document is remembered."""
    order, row = cells.get("document_order", slot), cells.get("row", slot)
    if order == NO_ORDER:
        return 0
    body, vector = (None, b"") if row == NO_ROW else (bodies[slot], rows.half(row))
    return digests.document_hash(skus[slot], order, body, vector)


def offer_hash(cells: Cells, currencies: Words, skus: list[str], slot: int) -> int:
    """0 when no offer is remembered."""
    get = cells.get
    order, version, stock = get("offer_order", slot), get("version", slot), get("stock", slot)
    if order == NO_ORDER:
        return 0
    currency, availability = get("currency", slot), get("availability", slot)
    numbers = (
        order,
        get("live_since", slot),
        -1 if version == NO_NUMBER else version,
        get("offer_live", slot),
        -1 if stock == NO_NUMBER else stock,
        -1.0 if currency == NO_CODE else get("price", slot),
    )
    return digests.offer_hash(
        skus[slot],
        numbers,
        "" if currency == NO_CODE else currencies.words[currency],
        None if availability == NO_CODE else AVAILABILITIES[availability],
    )
