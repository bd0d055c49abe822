"""A quantile of the last answers' times."""

from bisect import bisect_left, insort
from collections import deque
from typing import Final

KEPT: Final = 256
LEAST: Final = 20
"""With fewer times nothing is known yet."""


class RunningQuantile:
    """Of the last KEPT times; nearest rank."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._times: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, seconds: float) -> None:
        self._times.append(seconds)
        insort(self._sorted, seconds)
        if len(self._times) > KEPT:
            del self._sorted[bisect_left(self._sorted, self._times.popleft())]

    @property
    def seconds(self) -> float | None:
        """None while fewer than LEAST times are known."""
        if len(self._sorted) < LEAST:
            return None
        return self._sorted[min(len(self._sorted) - 1, int(self._share * len(self._sorted)))]
