"""Searches the parts of one view: candidates by whole numbers, then exact scores from the fp16 rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from index_snapshots.builder import Built
from index_snapshots.calibrate import LADDER
from index_snapshots.codes import codes
from index_snapshots.filters import Mask
from index_snapshots.graph import Found, Ids, Queries
from index_snapshots.heads import Block
from index_snapshots.merge import BLOCK_ROWS
from index_snapshots.pacing import Pacing
from index_snapshots.parts import FrozenBlock, FrozenPart, Store
from index_snapshots.pending import Planned

RESCORED_MIN: Final = 16
RESCORED_SHARE: Final = 1.1
RESCORED_MORE: Final = 5
"""Candidates scored exactly are a tenth and five more than the hits wanted: codes may swap neighbours whose scores
differ by a thousandth. The nearest 16 by codes held the true 10 of every one of 117 queries, the nearest 12 all but a
thousandth (real products and made-up ones); of 100 the nearest 105 held all but a ten-thousandth, 110 all."""
HIT_NEIGHBOURS: Final = 2
"""Neighbours looked at in a graph per hit wanted, where the calibration for ten hits finds fewer enough: of 100 hits
among 100,000 rows 0.984 were true, with 1.5 of them 0.975, with 1.15 of them 0.963."""
WIDE_SHARE: Final = 1.5
"""Neighbours looked at where only some of them pass a filter, per candidate wanted that passes."""
NEIGHBOUR_US: Final = 1.85
"""Time to find one more neighbour in a graph of 100,000 rows (measured, as are those below)."""
BIT_US: Final = 0.002
"""Time to look whether a row passes."""
CODE_US: Final = 0.06
"""Time to compare with the code of a row that does; 0.03 where the processor's cache still has it, 0.13 where not."""
SIGN_BIT_US: Final = 0.001
"""Where signs are compared, what a row costs whether it passes or not; one that passes SIGN_US more."""
SIGN_US: Final = 0.007
WEIGHED_US: Final = 0.16
"""To weigh a candidate by its code."""
SIGNED: Final = 28
"""Candidates by signs per row to be scored exactly, weighed by their codes. With 16 of them 0.98 of the true neighbours
were among them where these lie in other clusters than the query, with 32 of them 0.997 (docs/adr/0011-filters.md)."""
VAIN_SHARE: Final = 1 / 4
"""Where what passes lies together, the graph is tried first only if that takes no more than this part of what signs do:
for as many queries as rows do not pass it is in vain."""
SIGNED_DIM_MIN: Final = 256
"""Fewer signs say too little."""
EF_MAX: Final = 2 * LADDER[-1]

Scores = npt.NDArray[np.float64]
Wide = npt.NDArray[np.float64]
"""A query (dim,), of which each number is one of fp16."""


class Nearest(NamedTuple):
    """Best first; equal scores are not in order yet."""

    slots: npt.NDArray[np.signedinteger]
    scores: Scores

    def beside(self, more: "Nearest") -> "Nearest":
        return Nearest(np.concatenate([self.slots, more.slots]), np.concatenate([self.scores, more.scores]))


@dataclass(frozen=True)
class FrozenVectors:
    """All parts at one point in time."""

    dim: int
    pacing: Pacing
    parts: tuple[FrozenPart, ...]
    seals: int
    sealed_ms: int
    """The log's time at the last seal."""
    next_row: int
    pending: tuple[Planned, ...]
    builds: tuple[Built | None, ...] = ()
    """What is to come of each of these; None: its build is to be begun anew. Not part of the state."""

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

    def near(
        self, query: Wide, limit: int, passing: Mask | None, visible: int, hits: int = 0, *, scan: bool = False
    ) -> Nearest:
        """The shown rows with the greatest products: at least `limit`, unless fewer were found.

        `visible`: how many products there are without the filter. `hits`: so many of them are looked for with the
        recall that is asked of a shard. `scan`: compare with every row that counts.
        """
        rescored = max(RESCORED_MIN, int(limit * RESCORED_SHARE) + RESCORED_MORE)
        share = 0.0 if scan else 1.0 if passing is None else passing.count / max(visible, 1)
        code = Queries(codes(query[None]))
        found = [_in_graph(part, code, rescored, passing, share, hits) for part in self._segments]
        found += [_in_block(block, code, rescored, passing) for block in self._blocks]
        distances = np.concatenate([one.distances for one in found]) if found else np.empty(0, dtype=np.float32)
        if len(distances) > rescored:
            cut = np.partition(distances, rescored - 1)[rescored - 1]
            found = [one.within(cut) for one in found]
        return _scored(query, found)

    @cached_property
    def _segments(self) -> list[FrozenPart]:
        return [part for part in self.parts if part.shown and part.store.segment]

    @cached_property
    def _blocks(self) -> list[FrozenBlock]:
        heads = [(part.store.head.block, part) for part in self.parts if part.shown and part.store.head]
        blocks = {id(block): block for block, _ in heads}
        return [FrozenBlock(block, [part for mine, part in heads if mine is block]) for block in blocks.values()]

    def exact(self, query: Wide, rows: npt.NDArray[np.int64]) -> Scores:
        """The products of these rows with the query, (len(rows),)."""
        blocks = (rows[begin : begin + BLOCK_ROWS] for begin in range(0, len(rows), BLOCK_ROWS))
        return np.concatenate([self.gather(block).astype(np.float64) @ query for block in blocks] or [np.empty(0)])


class _Found(NamedTuple):
    """Candidates of one part."""

    part: Store | Block
    distances: npt.NDArray[np.float32]
    """Squared, of codes: comparable across parts."""
    places: Ids

    def within(self, distance: np.float32) -> "_Found":
        return self.at(self.distances <= distance)

    def at(self, kept: npt.NDArray[np.bool_]) -> "_Found":
        return self._replace(distances=self.distances[kept], places=self.places[kept])


def _in_graph(part: FrozenPart, code: Queries, limit: int, passing: Mask | None, share: float, hits: int) -> _Found:
    """`share`: how much of the visible products passes; 0: compare with every row that counts."""
    store = part.store
    assert store.graph is not None and store.segment is not None
    living = part.shown / (part.count - store.segment.dropped)
    ef = max(store.segment.calibration.ef, HIT_NEIGHBOURS * hits) / living
    if passing is None and share:
        return _kept(store, store.graph.search(code, limit, min(max(int(ef), limit), EF_MAX), part.chosen))
    if passing is None or not share:
        return _kept(store, store.graph.scan(code, limit, part.chosen if passing is None else part.passing(passing)))
    return _filtered(part, code, limit, passing, share, ef)


def _filtered(part: FrozenPart, code: Queries, limit: int, passing: Mask, share: float, ef: float) -> _Found:
    """The nearest that pass, in the way that costs least, by counts and links: it is the same on every machine.

    Those that pass of the nearest rows of all, while these are few. A graph that is searched for passing rows only
    would not leave a region where none passes. When too few of them pass, the rest lies elsewhere: it is looked for
    among all rows that pass, by the signs of their codes where they are many.
    """
    store, rows = part.store, part.count
    assert store.graph is not None
    scan_us = rows * (BIT_US + CODE_US * share)
    signs_us = rows * (SIGN_BIT_US + SIGN_US * share) + min(SIGNED * limit, rows * share) * WEIGHED_US
    if store.graph.dim < SIGNED_DIM_MIN:
        signs_us = inf
    wide = max(ef, limit * WIDE_SHARE) / share
    graph_us = wide * NEIGHBOUR_US
    tried = wide <= EF_MAX and graph_us < min(scan_us, signs_us)
    if tried and (graph_us <= VAIN_SHARE * signs_us or not store.neighbours.together(passing)):
        found = _kept(store, store.graph.search(code, int(wide), int(wide), part.chosen))
        passes = passing.has(store.slots[found.places])
        if np.count_nonzero(passes) >= limit:
            return found.at(passes)
    if signs_us < scan_us:
        return _Found(store, *store.signs.search(code, SIGNED * limit, part.passing(passing)))
    return _kept(store, store.graph.scan(code, limit, part.passing(passing)))


def _in_block(one: FrozenBlock, code: Queries, limit: int, passing: Mask | None) -> _Found:
    among = one.chosen if passing is None else one.passing(passing)
    return _kept(one.block, one.block.flat.scan(code, limit, among))


def _kept(part: Store | Block, found: Found) -> _Found:
    """A copy without empty places: FAISS writes the next part's to the same memory."""
    distances, places = found[0][0], found[1][0]
    if places[-1] < 0:
        there = places >= 0
        return _Found(part, distances[there], places[there])
    return _Found(part, distances.copy(), places.copy())


def _scored(query: Wide, found: Sequence[_Found]) -> Nearest:
    """The products of two fp16 numbers are multiples of 2^-48, and so is their sum, which stays below 2: float64 holds
    it exactly in any order of summation, so the scores are the same bits on every CPU.

    `take` and `astype` would give up the interpreter for a few microseconds' work, and get it back half a millisecond
    later where four threads search: a quarter of the searches per second where heads lie beside the graph.
    """
    found = [one for one in found if len(one.places)]
    if not found:
        return Nearest(np.empty(0, dtype=np.int64), np.empty(0))
    vectors = np.concatenate([one.part.vectors[one.places] for one in found])
    slots = np.concatenate([one.part.slots[one.places] for one in found])
    return Nearest(slots, np.vecdot(vectors, query))
