"""How slow a replica is: its answers' times, where a slow one counts at once and is forgotten slowly."""

import math
from collections.abc import Callable
from typing import Final

FORGET_S: Final = 5.0
"""After so long without an answer 1/e of the time is left: then a slow replica is tried again now and then."""
LEAST_S: Final = 0.0001
"""Of a replica that nothing is known of: what it is busy with still counts."""
LATENCY_S_MAX: Final = 10.0


class PeakLatency:
    """An exponentially weighted mean that jumps up to a higher time at once (peak EWMA)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seconds = 0.0
        self._at_s = clock()

    def answered(self, seconds: float) -> None:
        kept = self._kept()
        self._set(max(seconds, self._seconds * kept + seconds * (1 - kept)))

    def lost(self, seconds: float) -> None:
        """It was given up after so long: nobody knows how slow it is, so it is taken for twice as slow as before."""
        self._set(max(2 * self._seconds * self._kept(), 2 * seconds))

    def cost(self, in_flight: int) -> float:
        """Seconds one more request may take, with so many there already."""
        return max(self._seconds * self._kept(), LEAST_S) * (in_flight + 1)

    def _kept(self) -> float:
        return math.exp(-(self._clock() - self._at_s) / FORGET_S)

    def _set(self, seconds: float) -> None:
        self._seconds = min(seconds, LATENCY_S_MAX)
        self._at_s = self._clock()
