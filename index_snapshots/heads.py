"""The newest rows: compared one by one until a merge takes them into a graph."""

from typing import Final

import numpy as np
import numpy.typing as npt

from index_snapshots.codes import CodeBytes, code_bytes, levels
from index_snapshots.graph import Flat
from index_snapshots.protocol import Half

HEADS_PER_BLOCK: Final = 4


class Block:
    """Room for some successive heads, so that one scan compares with the rows of all of them."""

    def __init__(self, dim: int, head_rows: int) -> None:
        size = HEADS_PER_BLOCK * head_rows
        self.vectors = np.zeros((size, dim), dtype=np.float16)
        self.levels = np.zeros(size, dtype=np.uint8)
        self.slots = np.zeros(size, dtype=np.int32)
        self.flat = Flat(dim, size)


class Head:
    """At most `head_rows` rows with successive numbers. One thread appends; views count only what was there."""

    def __init__(self, block: Block, first_row: int) -> None:
        """Its place in the block follows from its first row: what is found among equals must not depend on restarts."""
        size = len(block.slots) // HEADS_PER_BLOCK
        self.block = block
        self.begin = _place(first_row, size) * size
        self.first_row = first_row
        mine = slice(self.begin, self.begin + size)
        self.vectors, self.levels, self.slots = block.vectors[mine], block.levels[mine], block.slots[mine]
        self.count = 0

    @classmethod
    def after(cls, before: "Head | None", dim: int, head_rows: int, first_row: int) -> "Head":
        """In the block of the one before it, when that one has the place before."""
        again = before is not None and before.first_row + head_rows == first_row and _place(first_row, head_rows)
        return cls(before.block if before and again else Block(dim, head_rows), first_row)

    @property
    def room(self) -> int:
        return len(self.vectors) - self.count

    @property
    def full(self) -> bool:
        return not self.room

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Row numbers, (head_rows,)."""
        return np.arange(self.first_row, self.first_row + len(self.vectors))

    def append(self, sku: str, vector: Half, code: CodeBytes) -> int:
        """A vector and its code, both (dim,). Returns the row's number."""
        at = self.count
        self.vectors[at] = vector
        self.levels[at] = levels(sku)
        self.block.flat.put(self.begin + at, code)
        self.count = at + 1
        return self.first_row + at

    def derived(self, sku: str, at: int) -> bool:
        """Whether what searches and merges take for the row of a SKU follows from the SKU and its vector."""
        code = code_bytes(self.vectors[at : at + 1])[0]
        return bool(self.levels[at] == levels(sku) and np.array_equal(self.block.flat.codes[self.begin + at], code))

    def extend(self, vectors: npt.NDArray[np.float16], levels_of: npt.NDArray[np.uint8]) -> None:
        """Rows that were in such a head before: vectors (n, dim), levels (n,)."""
        end = self.count + len(vectors)
        self.vectors[self.count : end] = vectors
        self.levels[self.count : end] = levels_of
        for at, code in enumerate(code_bytes(vectors), self.begin + self.count):
            self.block.flat.put(at, code)
        self.count = end


def _place(first_row: int, head_rows: int) -> int:
    return first_row // head_rows % HEADS_PER_BLOCK
