"""What a shard tells of the candidates of a search beside their scores: `schemas.ranking.Traits`."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import NO_CODE
from index_snapshots.orders import NO_ORDER, ORDER_OFFSET_BITS, ORDER_OFFSET_MAX
from index_snapshots.view import ShardView
from schemas.errors import InvalidRequest
from schemas.filters import Filters


def traits(view: ShardView, slots: Collection[int], wanted: Iterable[Filters] = ()) -> dict[str, list[Any]]:
    """Of the products in these slots of the view, as plain lists. Never raises for what is `wanted`."""
    words, places = view.words, np.fromiter(slots, dtype=np.int64, count=len(slots))

    def column(name: str) -> list[Any]:
        values: list[Any] = view.columns.at(name, places).tolist()
        return values

    offered = zip(column("currency"), column("offer_live"), strict=True)
    currencies = [currency if live else NO_CODE for currency, live in offered]
    prices = zip(column("price"), currencies, strict=True)
    paths = words.categories.paths
    categories = [code if code != NO_CODE and paths[code] else None for code in column("category")]
    told = {code: at for at, code in enumerate(dict.fromkeys(code for code in categories if code is not None))}
    return {
        "skus": [words.skus[slot] for slot in slots],
        "in_stock": column("in_stock"),
        "prices": [None if currency == NO_CODE else price for price, currency in prices],
        "currencies": [None if code == NO_CODE else words.currencies.words[code] for code in currencies],
        "live_since": [
            None if order == NO_ORDER else (order >> ORDER_OFFSET_BITS, order & ORDER_OFFSET_MAX)
            for order in column("live_since")
        ],
        "categories": [None if code is None else told[code] for code in categories],
        "wanted": _passed(view, places, wanted).tolist(),
        "paths": [[*paths[code]] for code in told],
    }


def _passed(view: ShardView, slots: npt.NDArray[np.int64], wanted: Iterable[Filters]) -> npt.NDArray[np.int64]:
    """How many of these filters each passes, (n,); an attribute that is no longer declared is passed by none."""
    passed = np.zeros(len(slots), dtype=np.int64)
    for filters in wanted:
        with suppress(InvalidRequest):
            passed += view.filters.mask(filters).has(slots)
    return passed
