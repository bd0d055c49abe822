"""Vectors and bodies of the documents by row: rows are only ever appended, so a view of them costs nothing."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.protocol import Half

Floats = npt.NDArray[np.float32]


class FrozenRows(NamedTuple):
    """The first `total` rows. The chunks and the list are shared with the writer, which only writes past `total`."""

    chunks: tuple[Floats, ...]
    """Each (CHUNK_ROWS, dim), fp32: every fp16 value is exact in fp32, and numpy scans fp32 many times faster."""
    bodies: list[bytes]
    total: int
    dim: int

    def scores(self, query: Floats) -> Floats:
        """Dot products of all rows with `query` (dim,), shape (total,); off by at most `search.rounding(dim)`."""
        out = np.empty(len(self.chunks) * CHUNK_ROWS, dtype=np.float32)
        for at, chunk in enumerate(self.chunks):
            used = min(CHUNK_ROWS, self.total - at * CHUNK_ROWS)
            np.dot(chunk[:used], query, out=out[at * CHUNK_ROWS : at * CHUNK_ROWS + used])
        return out[: self.total]

    def gather(self, rows: npt.NDArray[np.int64]) -> Floats:
        """The vectors of these rows, (len(rows), dim)."""
        out = np.empty((len(rows), self.dim), dtype=np.float32)
        chunk_of = rows // CHUNK_ROWS
        for at in np.unique(chunk_of).tolist():
            where = np.flatnonzero(chunk_of == at)
            out[where] = self.chunks[at][rows[where] % CHUNK_ROWS]
        return out

    def half(self, row: int) -> bytes:
        """One vector as the log holds it: little-endian fp16."""
        return bytes(self.chunks[row // CHUNK_ROWS][row % CHUNK_ROWS].astype("<f2").data)


class Rows:
    """The writer's rows. One thread only."""

    def __init__(self, dim: int) -> None:
        self._chunks: list[Floats] = []
        self._bodies: list[bytes] = []
        self._dim = dim

    @classmethod
    def thaw(cls, frozen: FrozenRows) -> "Rows":
        """Goes on behind the frozen rows, in the same memory: only for rows whose writer is gone."""
        rows = cls(frozen.dim)
        rows._chunks = list(frozen.chunks)
        rows._bodies = frozen.bodies
        return rows

    @property
    def count(self) -> int:
        return len(self._bodies)

    @property
    def bodies(self) -> list[bytes]:
        return self._bodies

    def half(self, row: int) -> bytes:
        """One vector as the log holds it: little-endian fp16."""
        return bytes(self._chunks[row // CHUNK_ROWS][row % CHUNK_ROWS].astype("<f2").data)

    @property
    def full(self) -> bool:
        """Whether the next row needs a new chunk."""
        return len(self._bodies) == len(self._chunks) * CHUNK_ROWS

    def append(self, vector: Half | Floats, body: bytes) -> int:
        if self.full:
            self._chunks.append(np.zeros((CHUNK_ROWS, self._dim), dtype=np.float32))
        row = len(self._bodies)
        self._chunks[row // CHUNK_ROWS][row % CHUNK_ROWS] = vector
        self._bodies.append(body)
        return row

    def extend(self, vectors: Half | Floats, bodies: list[bytes]) -> None:
        """Appends many rows: vectors (len(bodies), dim)."""
        done = 0
        while done < len(bodies):
            if self.full:
                self._chunks.append(np.zeros((CHUNK_ROWS, self._dim), dtype=np.float32))
            start = len(self._bodies) % CHUNK_ROWS
            taken = min(CHUNK_ROWS - start, len(bodies) - done)
            self._chunks[-1][start : start + taken] = vectors[done : done + taken]
            self._bodies.extend(bodies[done : done + taken])
            done += taken

    def freeze(self) -> FrozenRows:
        return FrozenRows(tuple(self._chunks), self._bodies, len(self._bodies), self._dim)
