"""Keeps a process as small as what it uses: glibc keeps most of what was freed, and for each thread by itself."""

import ctypes
from typing import Final

_TRIM: Final = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""None where the C library is not glibc."""

_SET: Final = getattr(ctypes.CDLL(None), "mallopt", None)
_ARENA_MAX: Final = -8
"""M_ARENA_MAX of glibc."""
ARENAS_MAX: Final = 2
"""Heaps that threads take memory from, by default eight a core. Each commit of the words' index has a thread of its
own, which takes 6 MB or so: with many heaps, 100,000 products took 140 MB more within seconds of a stream."""


def share_heaps() -> None:
    """To be called before threads are started: a heap that is there stays."""
    if _SET is not None:
        _SET(_ARENA_MAX, ARENAS_MAX)


def give_back() -> None:
    """Takes a millisecond or so, without Python's lock; for a thread, after work that took much and left little."""
    if _TRIM is not None:
        _TRIM(0)
