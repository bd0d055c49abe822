"""What a shard tells of the candidates of a search beside their scores: `schemas.ranking.Traits`."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import CHUNK_ROWS, NO_CODE
from index_snapshots.orders import NO_ORDER, unpack
from index_snapshots.view import ShardView
from schemas.errors import InvalidRequest
from schemas.filters import Filters


def traits(view: ShardView, slots: Collection[int], wanted: Iterable[Filters] = ()) -> dict[str, list[Any]]:
    """Of the products in these slots of the view, as plain lists. Never raises for what is `wanted`."""
    words, chunks = view.words, view.columns.chunks
    in_stock, prices, currencies = chunks["in_stock"], chunks["price"], chunks["currency"]
    live, since, categories = chunks["offer_live"], chunks["live_since"], chunks["category"]
    told: dict[str, list[Any]] = {
        name: [] for name in ("skus", "in_stock", "prices", "currencies", "live_since", "categories", "paths")
    }
    places: dict[int, int] = {}
    for slot in slots:  # some hundred with each search: no call that can be done without
        at, position = divmod(slot, CHUNK_ROWS)
        currency = currencies[at].item(position) if live[at].item(position) else NO_CODE
        category, order = categories[at].item(position), since[at].item(position)
        place = None
        if category != NO_CODE and words.categories.paths[category]:
            place = places.setdefault(category, len(places))
        told["skus"].append(words.skus[slot])
        told["in_stock"].append(in_stock[at].item(position))
        told["prices"].append(None if currency == NO_CODE else prices[at].item(position))
        told["currencies"].append(None if currency == NO_CODE else words.currencies.words[currency])
        told["live_since"].append(None if order == NO_ORDER else [*unpack(order)])
        told["categories"].append(place)
    told["wanted"] = _passed(view, np.fromiter(slots, dtype=np.int64, count=len(slots)), wanted).tolist()
    told["paths"] = [[*words.categories.paths[category]] for category in places]
    return told


def _passed(view: ShardView, slots: npt.NDArray[np.int64], wanted: Iterable[Filters]) -> npt.NDArray[np.int64]:
    """How many of these filters each passes, (n,); an attribute that is no longer declared is passed by none."""
    passed = np.zeros(len(slots), dtype=np.int64)
    for filters in wanted:
        with suppress(InvalidRequest):
            passed += view.filters.mask(filters).has(slots)
    return passed
