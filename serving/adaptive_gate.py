"""A limit on searches inside that follows their times: it falls while they are slow, before a queue eats their time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from schemas.errors import Overloaded

INSIDE_MIN: Final = 4
"""The limit never falls below it."""
INSIDE_START: Final = 56
"""The limit at first, if it may be so high: what two cores answer within the budget, and more than the 50 questions of
one request of InstantSearch. A rush that meets a higher one fills the tier before the first slow answer tells of it,
and for seconds all come too late."""
FALL: Final = 0.8
"""What is left of the limit after a slow one; at most once per `slow_s`, as those inside then were let in before."""
LOOP_LATE_S: Final = 0.05
"""An event loop that runs timers so late has too much to do."""


@dataclass
class Inside:
    """One that was let in."""

    started_s: float | None = None
    """From when its time counts; None: not at all, as for a client that is slow to send its question."""
    waited: bool = False
    """Whether it waited for something else than its turn, such as a part that did not answer in time: then its time
    says nothing of how much is under way, unless the event loop is late too. Else one part that hangs would close the
    gate for all."""


class AdaptiveGate:
    """For one event loop. More is let in step by step while it is quick, less at once when it is not (AIMD, as TCP does
    it): `slow_s` is what a search should not take longer than."""

    def __init__(self, what: str, inside_max: int, slow_s: float, clock: Callable[[], float]) -> None:
        self._what = what
        self._inside_max = inside_max
        self._slow_s = slow_s
        self._clock = clock
        self._limit = float(min(INSIDE_START, inside_max))
        self._fell_s = clock()
        self._inside = 0
        self._loop_late_s = 0.0

    def loop_was(self, late_s: float) -> None:
        """How late the event loop ran its timer last."""
        self._loop_late_s = late_s

    @property
    def inside_max(self) -> int:
        """As it is now."""
        return int(self._limit)

    @property
    def full(self) -> bool:
        """Whether as many as may be are inside."""
        return self._inside >= self.inside_max

    @contextmanager
    def inside(self) -> Iterator[Inside]:
        """Raises Overloaded when as many as may be are inside already."""
        if self.full:
            raise Overloaded(f"{self._inside} {self._what} are inside already", retry_after_s=1.0)
        self._inside += 1
        one = Inside()
        try:
            yield one
        finally:
            if one.started_s is not None and (not one.waited or self._loop_late_s >= LOOP_LATE_S):
                self._learn(self._clock() - one.started_s)
            self._inside -= 1

    def _learn(self, took_s: float) -> None:
        now_s = self._clock()
        if took_s > self._slow_s:
            if now_s - self._fell_s >= self._slow_s:
                self._limit, self._fell_s = max(INSIDE_MIN, self._limit * FALL), now_s
        elif 2 * self._inside >= self._limit:  # what is not used up says nothing about more
            self._limit = min(self._inside_max, self._limit + 1 / self._limit)
