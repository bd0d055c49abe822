"""What a shard counts beside the hits it finds: how many products match, and what their facets are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from agents.asked import Asked, AskedWords
from index_snapshots.compounds import Others
from index_snapshots.facet_counts import count
from index_snapshots.match_set import Best, Everything, MatchSet
from index_snapshots.protocol import Found, Half
from index_snapshots.search import Slots
from index_snapshots.view import ShardView
from index_snapshots.word_index import Committed, Wanted
from index_snapshots.word_search import best_slots, holding_all
from schemas.errors import Unavailable
from schemas.facet_counts import Counting, LookedUp
from schemas.filters import Filters
from schemas.fusion import DEPTH
from schemas.shard_messages import ShardQuery, WordsQuery


@dataclass(frozen=True)
class Candidates:
    """What a search found, best first: by each meaning, and by words with their scores."""

    near: Sequence[Sequence[Found]] = ()
    held: Mapping[str, float] | None = None


def counted(
    kept: Asked, view: ShardView, query: ShardQuery, vectors: Sequence[Half], found: Candidates
) -> dict[str, Any] | None:
    """A `Counted`; None where nothing is to be counted, or the words cannot be searched now."""
    counting = query.counting
    if counting is None:
        return None
    try:
        return counts(view, query, counting, match_set(kept, view, query, counting, vectors, found))
    except Unavailable:
        return None


def counts(view: ShardView, query: ShardQuery, counting: Counting, match: MatchSet) -> dict[str, Any]:
    """A `Counted`. Raises Unavailable where the words cannot be searched now."""
    return count(view, match, query.filters, counting.facets, counting.sent_max).model_dump()


def match_set(
    kept: Asked, view: ShardView, query: ShardQuery, counting: Counting, vectors: Sequence[Half], found: Candidates
) -> MatchSet:
    """What matches; it raises Unavailable, at once or later, where that takes words that cannot be searched now."""
    words = kept.words if counting.words.text else None
    if counting.match == "passing":
        return Everything(view)
    if counting.match == "words":
        committed = _committed(words)
        return holding_all(committed, view, wanted_of(committed, counting.words))

    def find(filters: Filters) -> Slots:
        if filters is query.filters:
            return _slots(view, found)
        held: list[int] = []
        if counting.words.text:
            committed = _committed(words)
            held = best_slots(committed, view, wanted_of(committed, counting.words), DEPTH, filters).tolist()
        near = (view.search(vector, DEPTH, filters, None, query.wishes, also=held).found for vector in vectors)
        return np.array([*held, *(one.slot for found in near for one in found)], np.int64)

    return Best(view, find)


def wanted_of(committed: Committed, words: LookedUp | WordsQuery) -> Wanted:
    """A query as the index understands it."""
    others = [Others(tuple(one.words), tuple(one.ways)) for one in words.others]
    return committed.understand(words.text, typing=words.typing, others=others, joining=words.joining)


def _committed(words: AskedWords | None) -> Committed:
    if words is None:
        raise Unavailable("this shard indexes no words")
    return words.now


def _slots(view: ShardView, found: Candidates) -> Slots:
    """Of the first DEPTH of each list, whatever page is asked for."""
    near = [one.slot for each in found.near for one in each[:DEPTH]]
    return np.array([*near, *slots_of(view, found.held or {})], np.int64)


def slots_of(view: ShardView, held: Iterable[str]) -> list[int]:
    """Of the first DEPTH found by words: what lies deeper has no relevance by them. `held`: best first."""
    return [view.words.slot_of[sku] for sku in islice(held, DEPTH)]
