"""The first of many products by price, age or popularity; equal ones by SKU, so that pages never overlap."""

from collections.abc import Sequence
from heapq import nsmallest

import numpy as np
import numpy.typing as npt

from index_snapshots.protocol import Found
from index_snapshots.search import Slots
from index_snapshots.view import ShardView
from schemas.sorting import Sort


def in_order(view: ShardView, slots: Slots, sort: Sort, limit: int, popular: Sequence[str] = ()) -> list[Found]:
    """At most `limit` of these products, sorted; those without a price come last, whichever way. `popular`: SKUs, the
    most popular first."""
    if sort == "newest":
        return view.newest(slots, limit)
    if sort == "popularity":
        return _popular_first(view, slots, popular, limit)
    keys, skus = _prices(view, slots, descending=sort == "price_desc"), view.words.skus
    if len(slots) > limit:
        last = np.partition(keys, limit - 1)[limit - 1]
        before, equal = np.flatnonzero(keys < last), np.flatnonzero(keys == last)
        tied = nsmallest(limit - len(before), equal.tolist(), key=lambda at: skus[slots[at]])
        kept = [*before.tolist(), *tied]
    else:
        kept = list(range(len(slots)))
    ranked = sorted((keys[at].item(), skus[slots[at]], int(slots[at])) for at in kept)
    return [Found(sku, slot, None) for _, sku, slot in ranked]


def _popular_first(view: ShardView, slots: Slots, popular: Sequence[str], limit: int) -> list[Found]:
    """Those that are popular, then the newest."""
    known = ((sku, view.words.slot_of.get(sku, view.slots)) for sku in popular)
    here = [Found(sku, slot, None) for sku, slot in known if slot < view.slots]
    among = np.isin(np.array([one.slot for one in here], np.int64), slots)
    first = [one for one, matches in zip(here, among.tolist(), strict=True) if matches][:limit]
    if len(first) == limit:
        return first
    others = np.setdiff1d(slots, np.array([one.slot for one in first], np.int64))
    return [*first, *view.newest(others, limit - len(first))]


def _prices(view: ShardView, slots: Slots, *, descending: bool) -> npt.NDArray[np.float64]:
    """Shape (len(slots),), ascending from the first to the last."""
    prices = view.columns.at("price", slots)
    return np.where(np.isnan(prices), np.inf, -prices if descending else prices)
