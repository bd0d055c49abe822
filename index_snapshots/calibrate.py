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


def due(size: int, before: Calibration | None, changed: int) -> bool:
    """Whether a graph that will have `size` rows is to be measured; else `before` holds on."""
    return before is None or before.changed + changed >= CHANGED_SHARE * size


def calibrating(graph: Graph, queries: Codes, wanted: float) -> Generator[None, None, Calibration]:
    """Returns the smallest `ef` of the ladder with the wanted recall for `queries` (n, dim); yields between steps."""
    limit = min(NEIGHBOURS, len(graph))
    if not len(queries) or not limit:
        return Calibration(LADDER[-1], 1.0)
    truth: list[set[int]] = []
    for begin in range(0, len(queries), QUERIES_PER_STEP):
        yield
        truth += map(set, graph.scan(Queries(queries[begin : begin + QUERIES_PER_STEP]), limit)[1].tolist())
    for ef in LADDER:
        yield
        found = graph.search(Queries(queries), limit, ef)[1].tolist()
        recall = sum(len(exact & set(one)) for exact, one in zip(truth, found, strict=True)) / (limit * len(truth))
        if recall >= wanted + margin(wanted):
            break
    return Calibration(ef, recall)


def margin(wanted: float) -> float:
    """Two standard errors of a share seen in SAMPLE_ROWS * NEIGHBOURS draws: what the sample may flatter by."""
    return 2 * float(np.sqrt(wanted * (1 - wanted) / (SAMPLE_ROWS * NEIGHBOURS)))
