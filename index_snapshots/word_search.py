"""Candidates by their words, each checked against a pinned view: what is deleted or filtered out never shows.

A product whose newest words are not committed yet is found, and scored, by those that are, if it still has any of the
query's: so it is never missing while it changes, and never there for words that it has no more.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from index_snapshots.match_set import These
from index_snapshots.search import Slots
from index_snapshots.view import ShardView
from index_snapshots.word_index import Committed, Wanted, by_code, holds_all, holds_any
from index_snapshots.word_text import Spoken, spoken
from schemas.fallback import HOLDS_SHARE
from schemas.filters import Filters

SPARE: Final = 16
"""Asked for beyond what is wanted: products that went since the last commit are among the best."""
DEEPER: Final = 4
"""By so much more is asked for when too few pass."""
DEPTH_MAX: Final = 20_000
"""Matches looked at behind a filter, 10 ms; what lies deeper is left to the meaning."""
CHANGED_MAX: Final = 100
"""Products that hold all of the words and changed since the commit, 0.1 ms each; of more some count as they were."""
AMONG_MAX: Final = 2_000
"""As few products pass a filter, the index is asked for them alone, 3 ms."""


class ByWords(NamedTuple):
    """What a shard has by words."""

    skus: list[str]
    """Best first, ties by SKU."""
    scores: list[float]
    matching: int
    """Products that hold all of the words and pass the filters."""
    unfiltered: int
    """The same, filters aside, as of the index's last commit."""
    cover: float
    """Which share of the query's words the best one holds, by their rarity: 0..1."""
    codes: tuple[str, ...]
    """Codes of products that the query names."""
    holding: int
    """How many of the first hold what was asked for."""
    rarities: dict[str, float]
    """Idf of the query's words."""
    unknown: tuple[str, ...]
    """Words that no product holds."""


def by_words(
    committed: Committed, view: ShardView, wanted: Wanted, limit: int, filters: Filters, *, looked_at: int = 1
) -> ByWords:
    """At most `limit`; of the first `looked_at` it says whether they hold what was asked for.

    Raises InvalidRequest for filters by what is not declared.
    """
    slots, scores = passing(committed, view, wanted, limit, filters)
    covers = [committed.cover(wanted, slot) for slot in slots[:looked_at]]
    found = sorted((-score, view.words.skus[slot]) for score, slot in zip(scores, slots, strict=True))
    unfiltered = committed.holding_all(wanted)
    return ByWords(
        [sku for _, sku in found],
        [-score for score, _ in found],
        unfiltered if filters.empty or not unfiltered else len(holding_all(committed, view, wanted).slots(filters)),
        unfiltered,
        covers[0] if covers else 0.0,
        wanted.codes,
        _holding(wanted, covers, scores),
        {word.text: word.rarity for word in wanted.words},
        tuple(word.text for word in wanted.words if not word.known and not word.beginnings),
    )


def holding(committed: Committed, view: ShardView, wanted: Wanted, filters: Filters, looked_at: int) -> int:
    """Only that of `by_words`: how many of the first `looked_at` hold what was asked for."""
    slots, scores = passing(committed, view, wanted, looked_at, filters)
    return _holding(wanted, [committed.cover(wanted, slot) for slot in slots], scores)


def _holding(wanted: Wanted, covers: Sequence[float], scores: Sequence[float]) -> int:
    """`covers`: of the first of `scores`."""
    return sum(share >= HOLDS_SHARE or by_code(wanted, score) for share, score in zip(covers, scores, strict=False))


def holding_all(committed: Committed, view: ShardView, wanted: Wanted) -> These:
    """The products that hold all of the words, or have one of the codes. Of those that changed since the commit the
    first CHANGED_MAX are looked at as they are now."""
    slots, rows = committed.places_holding_all(wanted)
    known = slots < view.slots
    slots, rows = slots[known], rows[known]
    changed = np.flatnonzero(view.columns.at("row", slots) != rows)[:CHANGED_MAX]
    changed = changed[view.shows(slots[changed])]
    gone = [at for at in changed.tolist() if not holds_all(wanted, _spoken(view, int(slots[at])))]
    return These(view, np.delete(slots, gone) if gone else slots)


def best_slots(committed: Committed, view: ShardView, wanted: Wanted, limit: int, filters: Filters) -> Slots:
    """Of the products that hold any of the words and pass, the best."""
    slots, _ = passing(committed, view, wanted, limit, filters)
    return np.array(slots, np.int64)


def passing(
    committed: Committed, view: ShardView, wanted: Wanted, limit: int, filters: Filters
) -> tuple[list[int], list[float]]:
    """Slots of products that the view shows, that have the words in it, and that pass the filters, best first."""
    mask = None if filters.empty else view.filters.mask(filters)
    among = mask.slots() if mask is not None and mask.count <= AMONG_MAX else None
    if among is not None and not len(among):
        return [], []
    share = 1.0 if mask is None or among is not None else mask.count / max(1, view.counts.visible)
    asked = min(DEPTH_MAX, int(limit / share) + SPARE)
    while True:
        found = committed.best(wanted, asked, None if among is None else among.tolist())
        slots = np.array(found.slots, dtype=np.int64)
        shown = view.shows(slots)
        if mask is not None and among is None:
            shown[shown] = mask.has(slots[shown])
        kept = _still_holding(view, wanted, found.rows, slots, np.flatnonzero(shown), limit)
        if len(kept) == limit or len(found.rows) < asked or asked >= DEPTH_MAX:
            return slots[kept].tolist(), [found.scores[at] for at in kept]
        asked = min(DEPTH_MAX, asked * DEEPER)


def _still_holding(
    view: ShardView,
    wanted: Wanted,
    rows: Sequence[int],
    slots: npt.NDArray[np.int64],
    shown: npt.NDArray[np.int64],
    limit: int,
) -> list[int]:
    """The first `limit` places of those `shown` that have any of the words in the view too. Only what changed since the
    commit is looked at, some 0.1 ms each."""
    newest = view.columns.at("row", slots[shown]).tolist()
    kept: list[int] = []
    for at, row in zip(shown.tolist(), newest, strict=True):
        if len(kept) == limit:
            break
        if row == rows[at] or _holds_now(view, wanted, int(slots[at])):
            kept.append(at)
    return kept


def _holds_now(view: ShardView, wanted: Wanted, slot: int) -> bool:
    return holds_any(wanted, _spoken(view, slot))


def _spoken(view: ShardView, slot: int) -> Spoken:
    # which attributes are declared changes what a word counts, not whether it is there
    return spoken(view.words.skus[slot], orjson.loads(view.bodies[slot]), ())
