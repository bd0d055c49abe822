"""Keeps a process as small as what it uses: glibc keeps most of what was freed, and for each thread by itself."""

import ctypes
import threading
from typing import Final

_TRIM: Final = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""None where the C library is not glibc."""

_SET: Final = getattr(ctypes.CDLL(None), "mallopt", None)
_ARENA_MAX: Final = -8
"""M_ARENA_MAX of glibc."""
ARENAS_MAX: Final = 2
"""Heaps that threads take memory from, by default eight a core. Each commit of the words' index has a thread of its
own, which takes 6 MB or so: with many heaps, 100,000 products took 140 MB more within seconds of a stream."""
_MMAP_THRESHOLD: Final = -3
_TRIM_THRESHOLD: Final = -1
LARGE_BYTES: Final = 1 << 20
"""So much in one piece comes from the system, and goes back to it when it is freed. Left alone, glibc takes the largest
piece that was freed so far for its measure: after the first commit of words each heap kept a commit's tables (4 MB),
its queue and its buffers for the next one, 15 to 19 MB that came and went with what was written."""
SPARE_BYTES: Final = 4 << 20
"""A heap keeps so much at its end: without a measure of its own it would be a tenth of a MB, and each larger array a
question to the system."""


EVERY_S: Final = 30.0
"""A start, a merge, a burst and the largest batch so far each leave tens of MB of freed heap; a process that has given
back what was free looks for more within 2 ms."""


def share_heaps() -> None:
    """For a process whose threads free much: few heaps, and nothing large in them. To be called before threads are
    started: a heap that is there stays."""
    if _SET is not None:
        for what, value in ((_ARENA_MAX, ARENAS_MAX), (_MMAP_THRESHOLD, LARGE_BYTES), (_TRIM_THRESHOLD, SPARE_BYTES)):
            _SET(what, value)


def give_back() -> None:
    """Takes a millisecond or so, without Python's lock; for a thread, after work that took much and left little."""
    if _TRIM is not None:
        _TRIM(0)


def keep_small(every_s: float = EVERY_S) -> threading.Event:
    """Gives back now and then, in a thread of its own that ends with the process, or once the event is set."""
    over = threading.Event()
    threading.Thread(target=_keep_small, args=(every_s, over), name="freed memory", daemon=True).start()
    return over


def _keep_small(every_s: float, over: threading.Event) -> None:
    while not over.wait(every_s):
        give_back()
