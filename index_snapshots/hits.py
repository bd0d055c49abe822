"""Products as a shard shows them: as a `Hit`, and in the parts of which an answer is written."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson

from index_snapshots.columns import NO_CODE, NO_NUMBER, FrozenColumns
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


def hit_parts(
    columns: FrozenColumns, words: Vocabulary, body_at: BodyAt, found: Sequence[Found]
) -> list[dict[str, Any]]:
    """What `orjson.dumps` writes as `Hit`s, in the order given.

    Bodies are spliced in as they are: reading them into models and writing them again took most of a search's time.
    """
    slots = np.array([one.slot for one in found], dtype=np.int64)

    def column(name: str) -> list[Any]:
        values: list[Any] = columns.at(name, slots).tolist()
        return values

    stated = zip(*map(column, ("offer_live", "price", "currency", "stock", "availability")), strict=True)
    orders = zip(column("in_stock"), column("document_order"), column("offer_order"), strict=True)
    return [
        {
            "sku": sku,
            "score": score,
            "affinity": affinity,
            "fit": fit,
            "content": orjson.Fragment(body_at(slot)),
            "offer": _offer(words, *offer),
            "in_stock": in_stock,
            "content_order": [*unpack(content_order)],
            "offer_order": None if offer_order == NO_ORDER else [*unpack(offer_order)],
        }
        for (sku, slot, score, affinity, fit), offer, (in_stock, content_order, offer_order) in zip(
            found, stated, orders, strict=True
        )
    ]


def _offer(
    words: Vocabulary, live: bool, price: float, currency: int, stock: int, availability: int
) -> dict[str, Any] | None:
    """As `offer_at`, in plain dicts."""
    if not live:
        return None
    return {
        "price": None if currency == NO_CODE else {"amount": price, "currency": words.currencies.words[currency]},
        "stock": None if stock == NO_NUMBER else stock,
        "availability": None if availability == NO_CODE else AVAILABILITIES[availability],
    }
