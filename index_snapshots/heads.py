"""The newest rows: compared one by one until a merge takes them into a graph."""

import numpy as np
import numpy.typing as npt

from index_snapshots.codes import codes, levels
from index_snapshots.graph import Flat
from index_snapshots.protocol import Half


class Head:
    """At most `capacity` rows with successive numbers. One thread appends; views count only what was there."""

    def __init__(self, dim: int, capacity: int, first_row: int) -> None:
        self.first_row = first_row
        self.vectors = np.zeros((capacity, dim), dtype=np.float16)
        self.levels = np.zeros(capacity, dtype=np.uint8)
        self.flat = Flat(dim, capacity)
        self.count = 0

    @property
    def full(self) -> bool:
        return self.count == len(self.vectors)

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Row numbers, (capacity,)."""
        return np.arange(self.first_row, self.first_row + len(self.vectors))

    def append(self, sku: str, vector: Half) -> int:
        """Returns the row's number."""
        at = self.count
        self.vectors[at] = vector
        self.levels[at] = levels(sku)
        self.flat.put(at, codes(vector))
        self.count = at + 1
        return self.first_row + at

    def extend(self, vectors: npt.NDArray[np.float16], levels_of: npt.NDArray[np.uint8]) -> None:
        """Rows that were in such a head before: vectors (n, dim), levels (n,)."""
        end = self.count + len(vectors)
        self.vectors[self.count : end] = vectors
        self.levels[self.count : end] = levels_of
        for at, code in enumerate(codes(vectors), self.count):
            self.flat.put(at, code)
        self.count = end
