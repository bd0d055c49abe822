"""Counts facets over the products of one view that match: how many have each value, and what their numbers are like.

What it costs is in docs/search.md, Facets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.facets import FrozenFacet
from index_snapshots.match_set import MatchSet
from index_snapshots.number_counts import numbers
from index_snapshots.search import Slots
from index_snapshots.value_counts import by_code, in_tree
from index_snapshots.value_text import folded_words, matches
from index_snapshots.view import ShardView
from schemas.facet_ask import FacetAsk
from schemas.facet_counts import Counted, ShardFacet, ShardNumbers
from schemas.facet_order import PRICE_EDGES, Path, plain, value_key
from schemas.filter_groups import without
from schemas.filters import Filters

T = TypeVar("T")
V = TypeVar("V", str | bool, Path)


def count(view: ShardView, match: MatchSet, filters: Filters, asks: Sequence[FacetAsk], sent_max: int) -> Counted:
    """Each facet without its own filter, so that a shopper sees what else could be chosen; `matching` with all of them.

    Attributes are declared (`schemas.facet_check`).
    """
    every = Matched(match.slots(filters), view.columns.slots)
    facets = {}
    for ask in asks:
        others = without(filters, [ask.field], units=False)
        matched = every if others is filters else Matched(match.slots(others), view.columns.slots)
        facets[ask.field] = _facet(view, matched, ask, sent_max)
    return Counted(matching=len(every.slots), facets=facets)


@dataclass(frozen=True)
class Matched:
    """The products to count."""

    slots: Slots
    """Ascending."""
    total: int
    """Slots of the view."""

    @cached_property
    def flags(self) -> Sequence[tuple[int, npt.NDArray[np.bool_]]]:
        """Chunks in which any match, with which of their positions do, (CHUNK_ROWS,)."""
        chunks = -(-self.total // CHUNK_ROWS)
        flags = np.zeros(chunks * CHUNK_ROWS, np.bool_)
        flags[self.slots] = True
        used = np.flatnonzero(np.bincount(self.slots // CHUNK_ROWS, minlength=chunks)).tolist()
        return [(at, flags[at * CHUNK_ROWS : (at + 1) * CHUNK_ROWS]) for at in used]


class _Held(NamedTuple):
    """What the matching products have of an attribute: pairs (n,), ascending by slot."""

    slots: Slots
    values: npt.NDArray[Any]


def _facet(view: ShardView, matched: Matched, ask: FacetAsk, sent_max: int) -> ShardFacet:
    if ask.attribute is not None:
        return _attribute(view.facets[ask.attribute], matched, ask, sent_max)
    if ask.field == "brand":
        counts = by_code(view.columns.at("brand", matched.slots))
        return _values(_named(counts, view.words.brands.words.__getitem__), ask, sent_max, _text)
    if ask.field == "category":
        counts = by_code(view.columns.at("category", matched.slots))
        paths = in_tree(_named(counts, view.words.categories.paths.__getitem__), tuple(ask.below), ask.levels)
        return _values([*paths.items()], ask, sent_max, _last)
    if ask.field == "in_stock":
        held = int(np.count_nonzero(view.columns.at("in_stock", matched.slots)))
        found = ((True, held), (False, len(matched.slots) - held))
        return _values([(value, number) for value, number in found if number], ask, sent_max, _text)
    return ShardFacet(numbers=_prices(view, matched.slots, ask.ranges or PRICE_EDGES, _told_max(ask, sent_max)))


def _attribute(facet: FrozenFacet, matched: Matched, ask: FacetAsk, sent_max: int) -> ShardFacet:
    held = _held(facet, matched)
    if facet.kind == "number":
        values = held.values.astype(np.float64)
        counted = numbers(held.slots, values, ask.ranges or [], _told_max(ask, sent_max))
        return ShardFacet(numbers={"": counted} if counted else {})
    words = list(facet.codes)
    return _values(_named(by_code(held.values.astype(np.int32)), words.__getitem__), ask, sent_max, _text)


def _held(facet: FrozenFacet, matched: Matched) -> _Held:
    slots: list[Slots] = [np.empty(0, np.int64)]
    values: list[npt.NDArray[Any]] = []
    for at, flags in matched.flags:
        pairs = facet.chunks[at]
        kept = flags[: len(pairs.positions)] if pairs.gapless else flags.take(pairs.positions)
        values.append(pairs.values.compress(kept))
        if facet.kind == "number":  # codes are counted wherever they are from
            slots.append(pairs.positions.compress(kept).astype(np.int64) + at * CHUNK_ROWS)
    return _Held(np.concatenate(slots), np.concatenate(values) if values else np.empty(0))


def _named(counts: npt.NDArray[np.int64], name: Callable[[int], T]) -> list[tuple[T, int]]:
    used = np.flatnonzero(counts)
    return [(name(code), number) for code, number in zip(used.tolist(), counts[used].tolist(), strict=True)]


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _last(path: Path) -> str:
    return path[-1]


def _values(found: Sequence[tuple[V, int]], ask: FacetAsk, sent_max: int, text: Callable[[V], str]) -> ShardFacet:
    """The `sent_max` of most products, then by name; of those only that are searched for."""
    if ask.search is not None:
        wanted = folded_words(ask.search)
        found = [pair for pair in found if matches(text(pair[0]), wanted)]
    kept = sorted(_most(found, sent_max), key=lambda pair: (-pair[1], value_key(pair[0])))
    sent, left_out = kept[:sent_max], len(found) > sent_max
    return ShardFacet(
        values=[plain(value) for value, _ in sent],
        counts=[number for _, number in sent],
        distinct=len(found),
        left_out_max=sent[-1][1] if left_out else 0,
    )


def _most(found: Sequence[tuple[T, int]], wanted: int) -> Sequence[tuple[T, int]]:
    """Those that can be among the first: sorting by name takes long where most values have one product."""
    if len(found) <= wanted:
        return found
    numbers = np.array([number for _, number in found])
    least = int(np.partition(numbers, -wanted)[-wanted])
    return [pair for pair in found if pair[1] >= least]


def _told_max(ask: FacetAsk, sent_max: int) -> int:
    return sent_max if ask.values else 0


def _prices(view: ShardView, slots: Slots, edges: Sequence[float], told_max: int) -> dict[str, ShardNumbers]:
    currencies, prices = view.columns.at("currency", slots), view.columns.at("price", slots)
    found: dict[str, ShardNumbers] = {}
    for code in np.flatnonzero(by_code(currencies)).tolist():
        here = np.flatnonzero(currencies == code)
        counted = numbers(slots.take(here), prices.take(here), edges, told_max)
        if counted:
            found[view.words.currencies.words[code]] = counted
    return found
