"""Products found for the queries last asked, so that a facet, a page or a sorting need not find them again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt

PLACES_KEPT_MAX: Final = 500_000
"""Over all queries, 16 bytes each."""

Places = npt.NDArray[np.int64]
"""Slots and rows, shape (2, n)."""


class PlacesKept:
    """For one state of an index. Thread-safe."""

    def __init__(self, places_max: int = PLACES_KEPT_MAX) -> None:
        self._places_max = places_max
        self._kept: OrderedDict[Hashable, Places] = OrderedDict()
        self._count = 0
        self._lock = Lock()

    def get(self, key: Hashable, find: Callable[[], Places]) -> Places:
        """Shape (2, n), read-only; found by the first who asks."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        found = find()
        found.flags.writeable = False
        with self._lock:
            if key not in self._kept:
                self._kept[key] = found
                self._count += found.shape[1]
                while self._count > self._places_max:
                    _, oldest = self._kept.popitem(last=False)
                    self._count -= oldest.shape[1]
        return found
