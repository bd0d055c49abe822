"""A snapshot waits for the long merges under way: with what they come to in it, a start need not do them again."""

import threading
import time
from collections.abc import Callable
from typing import Final

from index_snapshots.builder import BuildFailed, Built
from index_snapshots.merge import Segment
from index_snapshots.pending import Planned

WAIT_S_MAX: Final = 60.0
"""For all merges of one snapshot. One of a base of a million rows takes a quarter of that; one that builds such a base
anew takes minutes, and the snapshot goes without."""
LOOK_S: Final = 0.1
BUILD_S_MIN: Final = 2.0
"""A shorter one is done again at a start: of all that a snapshot sends, its result would be an eighth."""


class Patience:
    """Of one snapshot. For one thread."""

    def __init__(self, given_up: threading.Event, clock: Callable[[], float] = time.monotonic) -> None:
        """`given_up`, once set, ends all waiting."""
        self._given_up, self._clock = given_up, clock
        self._began_s: float | None = None

    def __call__(self, planned: Planned, built: Built) -> Segment | None:
        """What a merge has come to; None: it is short, or was not done in time. Its builder does not hurry for it."""
        if planned.build_s < BUILD_S_MIN:
            return None
        self._began_s = self._clock() if self._began_s is None else self._began_s
        while not built.done:
            if self._clock() - self._began_s >= WAIT_S_MAX or self._given_up.wait(LOOK_S):
                return None
        try:
            return built.result()
        except BuildFailed:  # the writer will meet it too
            return None
