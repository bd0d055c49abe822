"""All vectors of a workload in one file, so that what is measured does not hold them in its own memory."""

import os
from pathlib import Path

import numpy as np

from bench.workload import Halves, Workload, blocks


def write_vectors(path: Path, workload: Workload, records: int) -> None:
    """Vectors of the first `records` records, one after the other: little-endian fp16, (records, dim)."""
    with path.open("wb") as file:
        for first, count in blocks(min(records, workload.rows)):
            file.write(workload.catalogue(first, count).astype("<f2").data)
        for first, count in blocks(max(0, records - workload.rows)):
            file.write(workload.upserts(first, count).astype("<f2").data)


class VectorFile:
    """Reads stretches of such a file: by system call, not mapped, because mapped pages count as the reader's memory."""

    def __init__(self, path: Path, dim: int) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self._dim = dim
        self.count = os.fstat(self._file).st_size // (2 * dim)

    def read(self, first: int, count: int) -> Halves:
        """(count, dim). Raises ValueError when it does not hold all of them."""
        size = 2 * self._dim
        data = os.pread(self._file, count * size, first * size)
        if len(data) != count * size:
            raise ValueError(f"records {first} to {first + count} of {self.count} are not in the file")
        return np.frombuffer(data, dtype="<f2").astype(np.float16, copy=False).reshape(count, self._dim)

    def close(self) -> None:
        os.close(self._file)
