"""The vectors and codes of a segment in files of their own, whose bounds follow from a row's place alone.

So a segment that has grown has all files but the last in common with the one before: a merge writes none of them again,
and neither does a snapshot or a store.
"""

import ctypes
import mmap
import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

ROWS_MIN: Final = 1024
"""Of a file that is not the last. Whole pages of memory, if the rows have a multiple of four bytes."""
PER_DOUBLING: Final = 32
"""So many files for each doubling of the rows: the last one, which is written again, holds a 32nd of them at most."""

Bytes = npt.NDArray[np.uint8]


def ends(count: int) -> list[int]:
    """Where the files of `count` rows end; the last one may not be full."""
    found, at = list[int](), 0
    while at < count:
        at = min(count, at + max(ROWS_MIN, (1 << at.bit_length()) // 2 // PER_DOUBLING))
        found.append(at)
    return found


def shared(before: int, count: int) -> int:
    """How many files of `count` rows are those that its first `before` rows had."""
    return len([end for end, other in zip(ends(before), ends(count), strict=False) if end == other])


def mapped(paths: Sequence[Path]) -> Bytes:
    """What stands in these files, one after the other, mapped: what is not used can leave memory.

    Raises OSError; ValueError where there is nothing.
    """
    sizes = [path.stat().st_size for path in paths]
    if len(paths) == 1:
        return np.asarray(np.memmap(paths[0], dtype=np.uint8, mode="r"))
    if any(size % mmap.PAGESIZE for size in sizes[:-1]):  # where pages are large, or rows odd
        return np.concatenate([np.fromfile(path, dtype=np.uint8) for path in paths])
    return np.asarray(_Mapping(paths, sizes))


class _Mapping:
    """Files side by side in the address space, for as long as an array refers to it."""

    def __init__(self, paths: Sequence[Path], sizes: Sequence[int]) -> None:
        total = sum(sizes)
        begin = _map(None, total, mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1)
        weakref.finalize(self, _MUNMAP, begin, total).atexit = False
        at = begin
        for path, size in zip(paths, sizes, strict=True):
            handle = os.open(path, os.O_RDONLY)
            try:
                _map(at, size, mmap.PROT_READ, mmap.MAP_SHARED | _MAP_FIXED, handle)
            finally:
                os.close(handle)
            at += size
        self.__array_interface__ = {"shape": (total,), "typestr": "|u1", "data": (begin, True), "version": 3}


_MAP_FIXED: Final = 0x10
_FAILED: Final = ctypes.c_void_p(-1).value
_LIBC: Final[Any] = ctypes.CDLL(None, use_errno=True)
_MMAP: Final[Any] = _LIBC.mmap
_MMAP.restype = ctypes.c_void_p
_MMAP.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_MUNMAP: Final[Any] = _LIBC.munmap
_MUNMAP.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def _map(address: int | None, size: int, access: int, how: int, handle: int) -> int:
    """`mmap` of Python takes no address. Raises OSError."""
    found = _MMAP(address, size, access, how, handle, 0)
    if found is None or found == _FAILED:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(found)
