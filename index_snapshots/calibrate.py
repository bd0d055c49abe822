"""How much work a graph needs for the recall that was asked for: measured with queries made of rows it does not hold.

A row that stands in the graph is found far more easily than a query (recall 0.997 against 0.98 at equal `ef`), and any
row more easily than what people type: on 19,406 real products and a text encoder, `ef` 32 finds 0.98 of the neighbours
of new products but 0.90 of those of real queries. Rows that are about to be added, drawn a quarter of the way towards
another one, are about as hard as real queries, there and on other data (docs/adr/0008-segments.md).
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from index_snapshots.codes import ZERO, Codes, codes
from index_snapshots.graph import Graph, Queries

Vectors = npt.NDArray[np.float16]
Distances = npt.NDArray[np.float32]
SAMPLE_ROWS: Final = 512
"""Few queries miss most of their neighbours and most miss none, so that a small sample decides by chance: with 128 of
them the same graph was given any `ef` from 48 to 192."""
SAMPLE_ROWS_MIN: Final = 128
"""Fewer are not believed: a graph that was measured before keeps its `ef`, a new one gets the largest."""
NEIGHBOURS: Final = 10
MIX: Final = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: Fibonacci hashing (Knuth, TAOCP 3, 6.4)."""
QUERIES_PER_STEP: Final = 64
ROWS_PER_STEP: Final = 1024
LADDER: Final = (16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 192, 256, 384, 512)
"""Values of `ef` that are tried; the last one is taken when none is enough."""
CHANGED_SHARE: Final = 0.25
"""So many of the rows added or dropped since: measured again."""


@dataclass(frozen=True)
class Calibration:
    """What was found. Follows from the graph alone, in whole numbers: equal on every machine."""

    ef: int
    recall: float
    """Of the sample at this `ef`."""
    changed: int = 0
    """Rows added or dropped since it was measured."""


def drawn_by_hash(count: int) -> npt.NDArray[np.int64]:
    """At most SAMPLE_ROWS of 0..count-1, ascending."""
    if count <= SAMPLE_ROWS:
        return np.arange(count)
    hashes = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(MIX)
    return np.sort(np.argpartition(hashes, SAMPLE_ROWS)[:SAMPLE_ROWS])


def due(size: int, before: Calibration | None, changed: int, added: int) -> bool:
    """Whether a graph that will have `size` rows, `added` of them new, is to be measured; else `before` holds on."""
    return before is None or (added >= SAMPLE_ROWS_MIN and before.changed + changed >= CHANGED_SHARE * size)


def queries_like(vectors: Vectors) -> Codes:
    """Codes (n, dim) of 3a + b, made of length 1, for unit vectors a (n, dim), fp16, and for b another of them.

    Sums of products of fp16 numbers are exact in float64, roots and quotients are defined by IEEE 754: the same on
    every CPU.
    """
    wide = vectors.astype(np.float64)
    between = 3 * wide + np.roll(wide, len(wide) // 2, axis=0)
    length = np.sqrt(np.einsum("ij,ij->i", between, between))
    return codes(between / length[:, None])


def calibrating(graph: Graph, vectors: Vectors, wanted: float) -> Generator[None, None, Calibration]:
    """Returns the smallest `ef` of the ladder with the wanted recall; yields between steps.

    `vectors` (n, dim), fp16: rows that are about to be added, drawn by hash. A neighbour as near as the last of the
    true ones is as good: of a thousand equal rows any ten will do.
    """
    queries, linked = queries_like(vectors), graph.linked()
    limit = min(NEIGHBOURS, int(np.count_nonzero(linked)))
    if len(queries) < SAMPLE_ROWS_MIN or not limit:
        return Calibration(LADDER[-1], 1.0)
    bound = yield from _farthest(graph, linked, queries, limit)
    low, high, recalls = 0, len(LADDER) - 1, dict[int, float]()
    while low < high:  # more never finds less, but for chance
        middle = (low + high) // 2
        recalls[middle] = yield from _recall(graph, queries, limit, LADDER[middle], bound)
        low, high = (low, middle) if recalls[middle] >= wanted else (middle + 1, high)
    if low not in recalls:
        recalls[low] = yield from _recall(graph, queries, limit, LADDER[low], bound)
    return Calibration(LADDER[low], recalls[low])


def _farthest(
    graph: Graph, linked: npt.NDArray[np.bool_], queries: Codes, limit: int
) -> Generator[None, None, Distances]:
    """Squared distance of each query's `limit`-th neighbour among the linked elements, (n, 1).

    By matrix products, ten times as fast as FAISS's scan: the codes less 128 are whole numbers whose products add up to
    less than 2^24 in whatever order, so fp32 holds them exactly.
    """
    centred = queries - ZERO
    nearest = np.full((len(queries), limit), np.inf, dtype=np.float32)
    for begin in range(0, len(graph), ROWS_PER_STEP):
        yield
        code_bytes = graph.codes(begin, begin + ROWS_PER_STEP)[linked[begin : begin + ROWS_PER_STEP]]
        rows = code_bytes.astype(np.float32) - ZERO
        distances = _squared(rows) - 2 * (centred @ rows.T)
        both = np.concatenate([nearest, distances], axis=1)
        nearest = np.partition(both, limit - 1, axis=1)[:, :limit]
    farthest: Distances = nearest.max(axis=1) + _squared(centred)
    return farthest[:, None]


def _squared(codes_less_zero: Codes) -> Distances:
    """Squared lengths, (n,)."""
    return np.asarray(np.vecdot(codes_less_zero, codes_less_zero))


def _recall(graph: Graph, queries: Codes, limit: int, ef: int, bound: Distances) -> Generator[None, None, float]:
    hits = 0
    for begin in range(0, len(queries), QUERIES_PER_STEP):
        yield
        mine = slice(begin, begin + QUERIES_PER_STEP)
        distances, _ = graph.search(Queries(queries[mine]), limit, ef)
        hits += int(np.count_nonzero(distances <= bound[mine]))
    return hits / (limit * len(queries))
