"""Makes one facet of what the shards counted: every product is in one shard, so counts add up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from schemas.facet_ask import FacetAsk
from schemas.facet_counts import (
    FacetCounts,
    FacetValue,
    NumberStats,
    RangeCount,
    ShardFacet,
    ShardNumbers,
    ShardValues,
    ValueCount,
)
from schemas.facet_order import PRICE_EDGES, Value, plain, value_key
from schemas.filters import Filters


def merged(ask: FacetAsk, parts: Sequence[ShardFacet], filters: Filters) -> FacetCounts:
    """One facet over all shards; `filters`: the request's, for their currency."""
    if ask.field == "price" or any(part.numbers for part in parts):
        return _numbers(ask, parts, filters)
    return _values(ask.limit, parts, value_key)


def _values(limit: int, parts: Sequence[ShardValues], by_name: Callable[[Any], Any]) -> FacetCounts:
    sums: dict[Value, int] = {}
    for part in parts:
        for value, number in zip(map(_key, part.values), part.counts, strict=True):
            sums[value] = sums.get(value, 0) + number
    ranked = sorted(sums.items(), key=lambda pair: (-pair[1], by_name(pair[0])))
    told = ranked[:limit]
    return FacetCounts(
        values=[ValueCount(value=plain(value), count=number) for value, number in told],
        distinct=max([len(sums), *(part.distinct for part in parts)]),
        exact=len(parts) == 1 or _exact(sums, [value for value, _ in told], parts),
    )


def _exact(sums: Mapping[Value, int], told: Iterable[Value], parts: Sequence[ShardValues]) -> bool:
    """Whether nothing that a shard left out could change what is told."""
    cut = [(part.left_out_max, frozenset(map(_key, part.values))) for part in parts if part.left_out_max]
    if not cut:
        return True
    first = set(told)
    if any(value not in sent for _, sent in cut for value in first):
        return False
    least = min((sums[value] for value in first), default=0)
    others = [value for value in sums if value not in first]
    unseen = sum(most for most, _ in cut)
    return unseen < least and all(
        sums[value] + sum(most for most, sent in cut if value not in sent) <= least for value in others
    )


def _numbers(ask: FacetAsk, parts: Sequence[ShardFacet], filters: Filters) -> FacetCounts:
    by_currency: dict[str, list[ShardNumbers]] = {}
    for part in parts:
        for currency, numbers in part.numbers.items():
            by_currency.setdefault(currency, []).append(numbers)
    priced = ask.attribute is None  # other numbers have no currency
    currency = (ask.currency or filters.currency or _most_used(by_currency)) if priced else ""
    found = by_currency.get(currency, [])
    count = sum(numbers.count for numbers in found)
    if not count:
        return FacetCounts(currency=currency or None)
    stats = NumberStats(
        count=count,
        min=min(numbers.min for numbers in found),
        max=max(numbers.max for numbers in found),
        avg=sum(numbers.total for numbers in found) / count,
    )
    told = _values(ask.values, [numbers.told for numbers in found], float) if ask.values else FacetCounts()
    more = {"stats": stats, "ranges": _ranges(ask, found), "currency": currency or None}
    return told.model_copy(update=more)


def _most_used(by_currency: Mapping[str, Sequence[ShardNumbers]]) -> str:
    used = ((-sum(numbers.count for numbers in found), currency) for currency, found in by_currency.items())
    return min(used, default=(0, ""))[1]


def _ranges(ask: FacetAsk, found: Sequence[ShardNumbers]) -> list[RangeCount]:
    """Those that were asked for, all of them; else of the prices from the first to the last that holds one."""
    edges = ask.ranges or (PRICE_EDGES if ask.attribute is None else [])
    if not edges:
        return []
    counts = [sum(column) for column in zip(*(numbers.ranges for numbers in found), strict=True)]
    ends = [*pairwise([None, *edges, None])]
    used = range(len(counts)) if ask.ranges else [at for at, number in enumerate(counts) if number]
    return [
        RangeCount(min=low, max=high, count=number)
        for (low, high), number in zip(ends[used[0] : used[-1] + 1], counts[used[0] : used[-1] + 1], strict=True)
    ]


def _key(value: FacetValue) -> Value:
    return tuple(value) if isinstance(value, list) else value
