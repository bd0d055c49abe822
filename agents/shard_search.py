"""Answers the searches that a thread took together, each on the view that is newest then."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import orjson

from agents.asked import Asked, pinned
from agents.shard_counting import Candidates, counted, slots_of, wanted_of
from agents.shard_sorting import sorted_hits
from index_snapshots.doubts import doubts
from index_snapshots.fits import fits
from index_snapshots.grouping import groups
from index_snapshots.protocol import Found, Half, Leaning, Offsets
from index_snapshots.suggesting import suggested
from index_snapshots.traits import traits
from index_snapshots.view import ShardView
from index_snapshots.word_index import Committed
from index_snapshots.word_search import ByWords, by_words, holding
from schemas.errors import Overloaded, Unavailable
from schemas.facet_counts import Counting
from schemas.filters import Filters
from schemas.fusion import DEPTH, Fused, fuse, in_turn
from schemas.grouping import Group
from schemas.hits import ShardState
from schemas.personal import RERANK_WINDOW, moved
from schemas.shard_messages import ShardQuery, WordsQuery
from schemas.shorter import shorter
from schemas.sorting import RELEVANCE
from schemas.suggest import SuggestQuery
from schemas.wishes import WISHES_WINDOW, Wishes, in_order

PLAIN_LIMIT_MAX: Final = 100
"""Hits of a plain search: each costs some microseconds to write."""
StateAt = Callable[[int, Offsets], ShardState]
"""The state of a partition at these offsets."""


class Question(NamedTuple):
    """A search that has been read and checked."""

    kept: Asked
    query: ShardQuery | WordsQuery | SuggestQuery
    vector: Half | None
    leaning: Leaning | None
    deadline_s: float
    """Monotonic: not begun later than that."""
    other: Half | None = None
    """Of another thing that the query may mean."""

    @property
    def vectors(self) -> list[Half]:
        return [one for one in (self.vector, self.other) if one is not None]

    @property
    def plain(self) -> bool:
        """Whether it costs what most searches cost: the nearest of all, not many, without a look at their bodies. Words
        may be frequent."""
        query = self.query
        if not isinstance(query, ShardQuery) or len(self.vectors) != 1:
            return False
        if query.wishes is not None or not query.filters.empty:
            return False
        if query.sort != RELEVANCE or (query.counting is not None and query.counting.facets):
            return False
        return max(query.limit, query.depth) <= PLAIN_LIMIT_MAX


def answer_all(
    questions: Sequence[Question], state_at: StateAt, clock: Callable[[], float] = time.monotonic
) -> list[bytes | Exception]:
    """For each the JSON of its answer, or what was wrong with it."""
    return [_answer(question, state_at, clock()) for question in questions]


def _answer(question: Question, state_at: StateAt, now_s: float) -> bytes | Exception:
    try:
        return answer(question, state_at, now_s)
    except Exception as error:  # noqa: BLE001  it is raised where the question came from
        return error


def answer(question: Question, state_at: StateAt, now_s: float) -> bytes:
    """Raises Overloaded when it is too late to begin, and what a search raises."""
    if now_s > question.deadline_s:
        raise Overloaded("the search's budget was over before it began", retry_after_s=0.1)
    view, query = question.kept.shard.view, question.query
    state = state_at(query.partition, view.offsets).model_dump()
    if isinstance(query, WordsQuery):
        return orjson.dumps({**_words(question.kept, view, query), "state": state})
    if isinstance(query, SuggestQuery):
        return orjson.dumps({**_suggestions(question.kept, view, query), "state": state})
    kept, at = question.kept, None
    if query.counting is not None:
        kept = pinned(kept, view)
        at = kept.words_at
    hits = _hits(kept, view, query, question.vectors, question.leaning)
    made = {"words_at": at, "digests": [view.digest_documents, view.digest_offers]}
    return orjson.dumps({**hits, **made, "state": state})


def _words(kept: Asked, view: ShardView, query: WordsQuery) -> dict[str, Any]:
    """A WordsAnswer but for its state. An index that is away is no fault of the replica: its vectors are there."""
    if kept.words is None:
        return {"missing": "this shard indexes no words"}
    behind = kept.words.offset < query.documents  # asked first: what is committed now is as new or newer
    was_settled = settled(kept, view.offsets)
    try:
        committed = kept.words.now
    except Unavailable as error:
        return {"missing": error.message}
    wanted = wanted_of(committed, query)
    found = by_words(committed, view, wanted, query.limit, query.filters, looked_at=query.looked_at)
    told = _shorter(committed, view, query, found) if query.dropping and found.holding < query.looked_at else {}
    doubted = [doubt.model_dump() for doubt in doubts(committed, wanted)] if query.doubts else []
    return {**found._asdict(), "shorter": told, "doubts": doubted, "behind": behind, "settled": was_settled}


def _shorter(committed: Committed, view: ShardView, query: WordsQuery, found: ByWords) -> dict[str, int]:
    """By shorter text how many products hold it: what the fallback ladder would ask next."""
    if query.others:
        return {}
    told: dict[str, int] = {}
    for _, text in shorter(query.text, found.rarities, found.unknown):
        wanted = wanted_of(committed, query.model_copy(update={"text": text}))
        told[text] = holding(committed, view, wanted, query.filters, query.looked_at)
    return told


def _suggestions(kept: Asked, view: ShardView, query: SuggestQuery) -> dict[str, Any]:
    """As ShardSuggestions but for its state: brands and categories also while the index of words is away."""
    try:
        committed, missing = (kept.words.now, "") if kept.words else (None, "this shard indexes no words")
    except Unavailable as error:
        committed, missing = None, error.message
    return {
        **suggested(kept.names, view, committed, query.text, query.limit, query.kinds, query.filters),
        "missing": missing,
    }


def settled(kept: Asked, offsets: Offsets) -> bool:
    """Whether the words hold all that a view at these offsets does: then neither changes before a record comes."""
    return kept.words is None or kept.words.offset >= offsets.documents


def _hits(
    kept: Asked, view: ShardView, query: ShardQuery, vectors: Sequence[Half], leaning: Leaning | None
) -> dict[str, Any]:
    """A ShardAnswer but for its state, written without building one."""
    if not vectors and not query.words and query.sort == RELEVANCE:
        newest = view.search(None, query.limit, query.filters)
        counts = counted(kept, view, query, vectors, Candidates())
        return {"hits": view.hit_parts(newest.found), "matching": newest.matching, "counted": counts}
    if query.sort != RELEVANCE and query.counting is not None:
        return _sorted(kept, view, query, query.counting, vectors)
    by: Sequence[Half | None] = vectors or [None]
    held = _shown(view, query.words, query.filters)
    also = slots_of(view, held)
    each = [view.search(one, query.limit, query.filters, leaning, query.wishes, query.depth, also) for one in by]
    near = [one.found for one in each] if vectors else []
    nearest = [*chain.from_iterable(near)]
    word_fits = _fits(view, held, query.wishes, nearest)
    best: Sequence[Found] = nearest
    drawn: dict[str, float] = {}
    if held or leaning is not None or len(near) > 1:
        best, drawn = _best(view, query, leaning, near, _by_words(held, word_fits))
    named = [_named(found[: query.depth], leaning, query.wishes) for found in near]
    return {
        "hits": view.hit_parts(best[: query.limit]),
        "matching": each[0].matching,
        "near": named[0] if named else None,
        "other_near": named[1] if len(named) > 1 else None,
        "word_fits": word_fits,
        "word_affinities": drawn,
        "gone": [sku for sku in query.words if sku not in held],
        "traits": traits(view, _ranked_by_traits([found[: query.depth] for found in near], also), query.wanted)
        if query.traits
        else {},
        "groups": _groups(view, query, chain(nearest, (_found(view, sku) for sku in held))),
        "counted": counted(kept, view, query, vectors, Candidates(near, held)),
    }


def _best(
    view: ShardView,
    query: ShardQuery,
    leaning: Leaning | None,
    near: Sequence[Sequence[Found]],
    words: Sequence[tuple[str, float]],
) -> tuple[list[Found], dict[str, float]]:
    """The best found by each meaning and by words, and how near those by words are to the session."""
    drawn = {} if leaning is None else _affinities(view, [sku for sku, _ in words[:RERANK_WINDOW]], leaning)
    first, *others = (_fused(query, leaning, nearest, words, drawn) for nearest in near or [[]])
    best = in_turn(first, others[0]) if others else first
    by_sku = {one.sku: one for one in chain.from_iterable(near)}
    return [by_sku.get(one.sku) or _found(view, one.sku) for one in best[: query.limit]], drawn


def _fused(
    query: ShardQuery,
    leaning: Leaning | None,
    nearest: Sequence[Found],
    words: Sequence[tuple[str, float]],
    drawn: Mapping[str, float],
) -> list[Fused]:
    best = fuse(_by_meaning(nearest, query), words, query.words_share, query.limit if leaning is None else None)
    if leaning is None:
        return best
    near_too = {one.sku: one.affinity for one in nearest if one.affinity is not None}
    return moved(best, {**drawn, **near_too}, leaning.strength)


def _found(view: ShardView, sku: str) -> Found:
    return Found(sku, view.words.slot_of[sku], None)


def _groups(view: ShardView, query: ShardQuery, found: Iterable[Found]) -> dict[str, Group]:
    return {} if query.group_by is None else groups(view, query.group_by, found)


def _sorted(
    kept: Asked, view: ShardView, query: ShardQuery, counting: Counting, vectors: Sequence[Half]
) -> dict[str, Any]:
    """As `_hits`; what is near counts only where the candidates match."""
    found = Candidates()
    if counting.match == "candidates":
        held = _shown(view, query.words, query.filters)
        also = slots_of(view, held)
        near = [view.search(one, DEPTH, query.filters, None, query.wishes, also=also).found for one in vectors]
        found = Candidates(near, held)
    return sorted_hits(kept, view, query, counting, vectors, found)


def _ranked_by_traits(near: Sequence[Sequence[Found]], held: Sequence[int]) -> dict[int, None]:
    """Slots of all that can be among the best: what lies deeper in both lists has no relevance. `held`: by words."""
    slots = dict.fromkeys(one.slot for found in near for one in found[:DEPTH])
    return slots | dict.fromkeys(held)


def _by_meaning(nearest: Sequence[Found], query: ShardQuery) -> list[tuple[str, float]]:
    return in_order(((one.sku, one.score or 0.0, one.fit) for one in nearest), query.wishes is not None)


def _by_words(held: Mapping[str, float], word_fits: Mapping[str, float]) -> list[tuple[str, float]]:
    return in_order(((sku, score, word_fits.get(sku)) for sku, score in held.items()), bool(word_fits))


def _affinities(view: ShardView, skus: Sequence[str], leaning: Leaning) -> dict[str, float]:
    """By SKU of products that are shown."""
    return dict(zip(skus, view.affinities([view.words.slot_of[sku] for sku in skus], leaning), strict=True))


def _fits(
    view: ShardView, held: Mapping[str, float], wishes: Wishes | None, nearest: Sequence[Found]
) -> dict[str, float]:
    """By SKU how well the best of those found by words fit; empty when nothing is wished."""
    if wishes is None:
        return {}
    window = list(held)[:WISHES_WINDOW]
    # how a phrase is read follows from all bodies that are looked at together; of sizes each body tells by itself
    known = {} if wishes.unwanted else {one.sku: one.fit for one in nearest if one.fit is not None}
    others = [sku for sku in window if sku not in known]
    told = fits(wishes, [view.bodies[view.words.slot_of[sku]] for sku in others])
    found = known | dict(zip(others, told, strict=True))
    return {sku: found[sku] for sku in window}


def _shown(view: ShardView, words: Mapping[str, float], filters: Filters) -> dict[str, float]:
    """Those found by words that this view shows too, and that pass."""
    end, slot_of = view.slots, view.words.slot_of
    slots = {sku: slot for sku in words if (slot := slot_of.get(sku, end)) < end}
    places = np.array(list(slots.values()), dtype=np.int64)
    passing = view.shows(places) if filters.empty else view.filters.mask(filters).has(places)
    return {sku: words[sku] for sku, passes in zip(slots, passing.tolist(), strict=True) if passes}


def _named(found: Sequence[Found], leaning: Leaning | None, wishes: Wishes | None) -> dict[str, list[Any]]:
    """As `schemas.shard_messages.Near`."""
    return {
        "skus": [one.sku for one in found],
        "scores": [one.score for one in found],
        "affinities": [one.affinity for one in found] if leaning else [],
        "fits": [one.fit for one in found] if wishes else [],
    }
