"""How much work a graph needs for the recall that was asked for: measured with rows it does not hold yet."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from index_snapshots.codes import Codes
from index_snapshots.graph import Graph, Queries

SAMPLE_ROWS: Final = 128
"""A row that stands in the graph is found far more easily than a query (recall 0.997 against 0.98 at equal
`ef`), so the sample is of rows that are about to be added."""
SAMPLE_ROWS_MIN: Final = 64
"""A graph that was measured before is not measured again with fewer: it would only be called slower than it is."""
NEIGHBOURS: Final = 10
MIX: Final = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: Fibonacci hashing (Knuth, TAOCP 3, 6.4)."""
QUERIES_PER_STEP: Final = 8
LADDER: Final = (16, 24, 32, 40, 48, 64, 80, 96, 128, 192, 256, 384, 512)
"""Values of `ef` that are tried; the last one is taken when none is enough."""
CHANGED_SHARE: Final = 0.15
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


def calibrating(graph: Graph, queries: Codes, wanted: float) -> Generator[None, None, Calibration]:
    """Returns the smallest `ef` of the ladder with the wanted recall for `queries` (n, dim); yields between steps.

    A neighbour as near as the last of the true ones is as good: of a thousand equal rows any ten will do.
    """
    limit = min(NEIGHBOURS, len(graph))
    if not len(queries) or not limit:
        return Calibration(LADDER[-1], 1.0)
    farthest: list[float] = []
    for begin in range(0, len(queries), QUERIES_PER_STEP):
        yield
        distances, _ = graph.scan(Queries(queries[begin : begin + QUERIES_PER_STEP]), limit)
        farthest += distances[:, -1].tolist()
    bound = np.array(farthest, dtype=np.float32)[:, None]
    for ef in LADDER:
        yield
        distances, _ = graph.search(Queries(queries), limit, ef)
        recall = int(np.count_nonzero(distances <= bound)) / (limit * len(queries))
        if recall >= wanted + margin(wanted, len(queries)):
            break
    return Calibration(ef, recall)


def margin(wanted: float, queries: int) -> float:
    """Two standard errors of a share seen in NEIGHBOURS draws per query: what the sample may flatter by."""
    return 2 * float(np.sqrt(wanted * (1 - wanted) / (queries * NEIGHBOURS)))
