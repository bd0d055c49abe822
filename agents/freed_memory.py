"""Gives memory that is no longer used back to the system: glibc keeps most of it, needed again or not."""

import ctypes
from typing import Final

_TRIM: Final = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""None where the C library is not glibc."""


def give_back() -> None:
    """Takes a millisecond or so, without Python's lock; for a thread, after work that took much and left little."""
    if _TRIM is not None:
        _TRIM(0)
