"""Candidates by their words, each checked against a pinned view: what is older, deleted or filtered out never shows."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import NO_ROW
from index_snapshots.view import ShardView
from index_snapshots.word_index import Committed, Wanted
from schemas.search import Filters

SPARE: Final = 16
"""Asked for beyond what is wanted: rows that went since the last commit are among the best."""
DEEPER: Final = 4
"""By so much more is asked for when too few pass."""
DEPTH_MAX: Final = 20_000
"""Matches looked at behind a filter, 10 ms; what lies deeper is left to the meaning."""
AMONG_MAX: Final = 2_000
"""As few rows pass a filter, the index is asked for them alone, 3 ms."""


class ByWords(NamedTuple):
    """What a shard has by words."""

    skus: list[str]
    """Best first, ties by SKU."""
    scores: list[float]
    matching: int
    """Products that hold all of the words, filters aside, as of the index's last commit."""
    cover: float
    """Which share of the query's words the best one holds, by their rarity: 0..1."""
    codes: tuple[str, ...]
    """Codes of products that the query names."""


def by_words(
    committed: Committed, view: ShardView, text: str, limit: int, filters: Filters, *, typing: bool = False
) -> ByWords:
    """At most `limit`. Raises InvalidRequest for filters by what is not declared."""
    wanted = committed.understand(text, typing=typing)
    rows, scores = _passing(committed, view, wanted, limit, filters)
    slots = view.vectors.slots_of(rows)
    found = sorted((-score, view.words.skus[slot]) for score, slot in zip(scores, slots.tolist(), strict=True))
    return ByWords(
        [sku for _, sku in found],
        [-score for score, _ in found],
        committed.holding_all(wanted),
        committed.cover(wanted, int(rows[0])) if len(rows) else 0.0,
        wanted.codes,
    )


def _passing(
    committed: Committed, view: ShardView, wanted: Wanted, limit: int, filters: Filters
) -> tuple[npt.NDArray[np.int64], list[float]]:
    """Rows of products as the view shows them, and that pass the filters, best first."""
    mask = None if filters.empty else view.filters.mask(filters)
    among = None
    if mask is not None and mask.count <= AMONG_MAX:
        among = view.columns.at("row", mask.slots()).tolist()
        among = [row for row in among if row != NO_ROW]
        if not among:
            return np.empty(0, dtype=np.int64), []
    share = 1.0 if mask is None or among is not None else mask.count / max(1, view.counts.visible)
    asked = min(DEPTH_MAX, int(limit / share) + SPARE)
    while True:
        found = committed.best(wanted, asked, among)
        rows = np.array(found.rows, dtype=np.int64)
        shown = view.shows(rows)
        if mask is not None and among is None:
            shown[shown] = mask.has(view.vectors.slots_of(rows[shown]))
        kept = np.flatnonzero(shown)[:limit]
        if len(kept) == limit or len(found.rows) < asked or asked >= DEPTH_MAX:
            return rows[kept], [found.scores[at] for at in kept.tolist()]
        asked = min(DEPTH_MAX, asked * DEEPER)
