"""Products as a shard shows them: as a `Hit`, and in the parts of which an answer is written."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from index_snapshots.columns import NO_CODE, NO_NUMBER
from index_snapshots.orders import NO_ORDER, unpack
from index_snapshots.protocol import Found
from index_snapshots.stored import AVAILABILITIES, Cells, Vocabulary, offer_at
from schemas.hits import Hit
from schemas.records import Content

BodyAt = Callable[[int], bytes]
"""The body of a slot: JSON of the content, checked when it was applied."""


def hit_at(cells: Cells, words: Vocabulary, body_at: BodyAt, slot: int) -> Hit:
    """One product, without a query."""
    offer_order = cells.get("offer_order", slot)
    return Hit(
        sku=words.skus[slot],
        content=Content.model_validate_json(body_at(slot)),
        offer=offer_at(cells, words.currencies, slot),
        in_stock=cells.get("in_stock", slot),
        content_order=unpack(cells.get("document_order", slot)),
        offer_order=None if offer_order == NO_ORDER else unpack(offer_order),
    )


def hit_parts(cells: Cells, words: Vocabulary, body_at: BodyAt, found: Iterable[Found]) -> list[dict[str, Any]]:
    """What `orjson.dumps` writes as `Hit`s, in the order given.

    Bodies are spliced in as they are: reading them into models and writing them again took most of a search's time.
    """
    get = cells.get
    parts = []
    for sku, slot, score, affinity, fit in found:
        offer_order = get("offer_order", slot)
        parts.append(
            {
                "sku": sku,
                "score": score,
                "affinity": affinity,
                "fit": fit,
                "content": orjson.Fragment(body_at(slot)),
                "offer": _offer(cells, words, slot),
                "in_stock": get("in_stock", slot),
                "content_order": [*unpack(get("document_order", slot))],
                "offer_order": None if offer_order == NO_ORDER else [*unpack(offer_order)],
            }
        )
    return parts


def _offer(cells: Cells, words: Vocabulary, slot: int) -> dict[str, Any] | None:
    """As `offer_at`, in plain dicts."""
    get = cells.get
    if not get("offer_live", slot):
        return None
    currency, stock, availability = get("currency", slot), get("stock", slot), get("availability", slot)
    price = None
    if currency != NO_CODE:
        price = {"amount": get("price", slot), "currency": words.currencies.words[currency]}
    return {
        "price": price,
        "stock": None if stock == NO_NUMBER else stock,
        "availability": None if availability == NO_CODE else AVAILABILITIES[availability],
    }
