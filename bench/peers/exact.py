"""A peer that compares a query with every row: right by definition, so it tests the harness."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.peers.protocol import Skus, Vectors, group_of

SPARE_SHARE = 0.5
"""Room for new SKUs, in shares of the catalogue; doubled when it is used up."""


class Exact:
    in_process = True
    ef: int | None = None

    def __init__(self, folder: Path, dim: int) -> None:
        self._skus: Skus = np.empty(0, dtype=np.int64)
        self._vectors: Vectors = np.empty((0, dim), dtype=np.float32)
        self._places: dict[int, int] = {}
        self._lock = threading.Lock()

    def load(self, skus: Skus, vectors: Vectors) -> None:
        self._grow(len(skus) + int(len(skus) * SPARE_SHARE) + 1)
        self.upsert(skus, vectors)

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        with self._lock:
            places = [self._places.setdefault(sku, len(self._places)) for sku in skus.tolist()]
            if len(self._places) > len(self._skus):
                self._grow(2 * len(self._places))
            self._skus[places], self._vectors[places] = skus, vectors

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        rows = len(self._places)
        return best(self._skus[:rows], self._vectors[:rows] @ vector, limit)

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int]:
        rows = len(self._places)
        among = group_of(self._skus[:rows]) == group
        return best(self._skus[:rows][among], self._vectors[:rows][among] @ vector, limit)

    def versions(self) -> Mapping[str, str]:
        return {"numpy": np.__version__}

    def settings(self) -> Mapping[str, object]:
        return {"index": "none: every row is compared"}

    def processes(self) -> Sequence[int]:
        return ()

    def close(self) -> None:
        pass

    def _grow(self, rows: int) -> None:
        skus, vectors = np.zeros(rows, dtype=np.int64), np.zeros((rows, self._vectors.shape[1]), dtype=np.float32)
        skus[: len(self._skus)], vectors[: len(self._skus)] = self._skus, self._vectors
        self._skus, self._vectors = skus, vectors


def best(skus: Skus, scores: npt.NDArray[np.float32], limit: int) -> list[int]:
    """SKU numbers of the highest scores, best first, ties by number."""
    limit = min(limit, len(skus))
    if limit == 0:
        return []
    candidates = np.flatnonzero(scores >= np.partition(scores, -limit)[-limit])
    found: list[int] = skus[candidates[np.lexsort((skus[candidates], -scores[candidates]))][:limit]].tolist()
    return found
