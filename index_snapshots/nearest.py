"""Searches the parts of one view: candidates by whole numbers, then exact scores from the fp16 rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from index_snapshots.calibrate import LADDER
from index_snapshots.codes import codes
from index_snapshots.filters import Mask
from index_snapshots.graph import Ids, Queries
from index_snapshots.merge import BLOCK_ROWS
from index_snapshots.pacing import Pacing
from index_snapshots.parts import FrozenPart, Store
from index_snapshots.pending import Planned

RESCORED_MIN: Final = 24
RESCORED_SHARE: Final = 1.5
"""Candidates scored exactly, per hit wanted: codes may swap neighbours whose scores differ by a thousandth."""
SCANNED_SHARE: Final = 0.3
"""A filter that lets through less of a graph's rows than this: its codes are compared one by one, which costs less than
an `ef` so much larger, and finds them wherever they lie."""
EF_MAX: Final = 2 * LADDER[-1]

Scores = npt.NDArray[np.float64]
Wide = npt.NDArray[np.float64]
"""A query (dim,), of which each number is one of fp16."""


class Nearest(NamedTuple):
    """Best first; equal scores are not in order yet."""

    slots: npt.NDArray[np.signedinteger]
    scores: Scores


@dataclass(frozen=True)
class FrozenVectors:
    """All parts at one point in time."""

    dim: int
    pacing: Pacing
    parts: tuple[FrozenPart, ...]
    seals: int
    next_row: int
    pending: tuple[Planned, ...]

    def gather(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float16]:
        """The vectors of these rows, (len(rows), dim)."""
        out = np.empty((len(rows), self.dim), dtype=np.float16)
        if not self.parts:
            return out
        firsts = np.array([part.store.first_row for part in self.parts])
        owner = np.searchsorted(firsts, rows, side="right") - 1
        for at in np.unique(owner).tolist():
            store = self.parts[at].store
            where = np.flatnonzero(owner == at)
            out[where] = store.vectors[store.positions(rows[where])]
        return out

    def half(self, row: int) -> bytes:
        """One vector as the log holds it: little-endian fp16."""
        return bytes(self.gather(np.array([row], dtype=np.int64)).astype("<f2").data)

    def near(self, query: Wide, limit: int, passing: Mask | None, visible: int, *, scan: bool = False) -> Nearest:
        """The shown rows with the greatest products: at least `limit`, unless fewer were found.

        `visible`: how many products there are without the filter. `scan`: compare with every row that counts.
        """
        rescored = max(RESCORED_MIN, int(limit * RESCORED_SHARE))
        share = 0.0 if scan else 1.0 if passing is None else passing.count / max(visible, 1)
        code = Queries(codes(query[None]))
        parts = [part for part in self.parts if part.shown]
        found = [_candidates(part, code, rescored, passing, share) for part in parts]
        distances = np.concatenate([one for one, _ in found]) if found else np.empty(0, dtype=np.float32)
        if len(distances) > rescored:
            cut = np.partition(distances, rescored - 1)[rescored - 1]
            found = [(one, places[one <= cut]) for one, places in found]
        return _scored(query, [(part.store, places) for part, (_, places) in zip(parts, found, strict=True)])

    def exact(self, query: Wide, rows: npt.NDArray[np.int64]) -> Scores:
        """The products of these rows with the query, (len(rows),)."""
        blocks = (rows[begin : begin + BLOCK_ROWS] for begin in range(0, len(rows), BLOCK_ROWS))
        return np.concatenate([self.gather(block).astype(np.float64) @ query for block in blocks] or [np.empty(0)])


def _candidates(
    part: FrozenPart, code: Queries, limit: int, passing: Mask | None, share: float
) -> tuple[npt.NDArray[np.float32], Ids]:
    """Distances of codes and places in the part, at most `limit`."""
    among = part.chosen if passing is None else part.passing(passing)
    store = part.store
    if store.graph is None:
        assert store.head is not None
        distances, places = store.head.flat.scan(code, limit, among)
    else:
        assert store.segment is not None
        share *= part.shown / part.count
        if share < SCANNED_SHARE:
            distances, places = store.graph.scan(code, limit, among)
        else:
            ef = min(max(int(store.segment.calibration.ef / share), limit), EF_MAX)
            distances, places = store.graph.search(code, limit, ef, among)
    if places[0, -1] < 0:
        there = places[0] >= 0
        return distances[0][there], places[0][there]
    return distances[0].copy(), places[0].copy()


def _scored(query: Wide, found: Sequence[tuple[Store, Ids]]) -> Nearest:
    """The products of two fp16 numbers are multiples of 2^-48, and so is their sum, which stays below 2: float64 holds
    it exactly in any order of summation, so the scores are the same bits on every CPU."""
    found = [(store, places) for store, places in found if len(places)]
    if not found:
        return Nearest(np.empty(0, dtype=np.int64), np.empty(0))
    vectors = np.concatenate([store.vectors.take(places, axis=0) for store, places in found])
    slots = np.concatenate([store.slots.take(places) for store, places in found])
    return Nearest(slots, vectors.astype(np.float64) @ query)
