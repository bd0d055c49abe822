"""Raw FAISS HNSW on the same vectors: the ceiling a shard is held against. One static index, in a process of its own.

    python -m bench.peers.raw_faiss SETUP

M = 16, efConstruction = 128, float32, inner product; `ef` is the smallest that reaches the recall it is told to reach.
"""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import faiss
import numpy as np
import numpy.typing as npt

from bench import closed_loop
from bench.process_costs import memory_mb
from bench.samples import packed
from bench.subject import obey, setup
from bench.truth import recall
from bench.vector_file import VectorFile
from bench.workload import Workload, blocks

LINKS: Final = 16
EF_CONSTRUCTION: Final = 128
EF_MAX: Final = 1_024
LIMIT: Final = 10


class RawFaiss:
    """Commands of the process."""

    def __init__(self, vectors: str, rows: int, dim: int, seed: int, queries: int) -> None:
        self._rows, self._dim = rows, dim
        self._vectors = VectorFile(Path(vectors), dim)
        self._queries = [query[None, :].astype(np.float32) for query in Workload(rows, dim, seed).queries(queries)]
        self._index = faiss.IndexHNSWFlat(dim, LINKS, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efConstruction = EF_CONSTRUCTION

    def load(self) -> dict[str, Any]:
        """Adds all rows, in bulk and on all cores; afterwards each search has one thread."""
        began_s = perf_counter()
        for first, count in blocks(self._rows):
            self._index.add(self._vectors.read(first, count).astype(np.float32))
        faiss.omp_set_num_threads(1)
        return {"built_s": perf_counter() - began_s}

    def calibrate(self, truth: list[list[int]], wanted: float) -> dict[str, Any]:
        """`truth`: the neighbours of the first queries; `wanted`: recall@10 to reach."""
        exact = [np.array(line) for line in truth]

        def reached(ef: int) -> float:
            self._index.hnsw.efSearch = ef
            answers = [self._search(query) for query in self._queries[: len(exact)]]
            return recall([answer[0] for answer in answers], exact)

        ef = smallest(lambda ef: reached(ef) >= wanted, LIMIT, EF_MAX)
        return {"ef": ef, "recall": reached(ef)}

    def latency(self, seconds: float) -> dict[str, Any]:
        return {"waits_ms": packed(closed_loop.latencies(self._search, self._queries, seconds))}

    def throughput(self, seconds: float, clients: int) -> dict[str, Any]:
        return closed_loop.throughput(self._search, self._queries, seconds, clients)._asdict()

    def costs(self) -> dict[str, Any]:
        return {"memory": memory_mb()}

    def _search(self, query: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        found: npt.NDArray[np.int64] = self._index.search(query, LIMIT)[1]
        return found


def smallest(enough: Callable[[int], bool], low: int, high: int) -> int:
    """The least number in low..high that is enough, by halving; `high` when none is."""
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


COMMANDS = ("load", "calibrate", "latency", "throughput", "costs")


def main() -> None:
    subject = RawFaiss(**setup())
    obey({name: getattr(subject, name) for name in COMMANDS})


if __name__ == "__main__":
    main()
