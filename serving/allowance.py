"""How many may pass: so many at once, then so many a second."""

from collections.abc import Callable


class Allowance:
    """A token bucket: full at the start, refilled at `per_s` up to `burst`."""

    def __init__(self, per_s: float, burst: int, clock: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._left = float(burst)
        self._at_s = clock()

    @property
    def left(self) -> int:
        """Whole ones that may pass now."""
        now_s = self._clock()
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return int(self._left)

    def use(self, count: int) -> None:
        self._left -= count
