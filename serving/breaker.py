"""Breaks a failing replica off, and lets one request through now and then to see whether it answers again."""

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

WINDOW: Final = 10
"""Answers that are looked back at."""
FAILURES_MAX: Final = 2
"""Of them; one more failure breaks the replica off."""
OPEN_S_MIN: Final = 0.25
OPEN_S_MAX: Final = 2.0
"""How long it is left alone: twice as long after each probe that failed, within these bounds. Short, because meanwhile
another one may die."""


class Circuit(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One request may try it."""


class Breaker:
    """For one replica and one event loop. Tell it how every request ended."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: deque[bool] = deque(maxlen=WINDOW)
        self._open_s = 0.0
        self._until_s = 0.0
        self._probing = False

    @property
    def circuit(self) -> Circuit:
        if not self._open_s:
            return Circuit.CLOSED
        return Circuit.OPEN if self._probing or self._clock() < self._until_s else Circuit.HALF_OPEN

    def asked(self) -> None:
        """A request begins. While the circuit is half open it is the probe, and no second one follows."""
        self._probing = self._probing or self.circuit is Circuit.HALF_OPEN

    def answered(self) -> None:
        if self._open_s:
            self._failed.clear()
        self._open_s, self._probing = 0.0, False
        self._failed.append(False)

    def failed(self) -> None:
        if self._open_s:
            if self._probing or self._clock() >= self._until_s:
                self._open(min(2 * self._open_s, OPEN_S_MAX))
            return
        self._failed.append(True)
        if sum(self._failed) > FAILURES_MAX:
            self._open(OPEN_S_MIN)

    def given_up(self) -> None:
        """A request ended and nothing was learnt of the replica; a probe has not shown that it answers."""
        if self._probing:
            self._open(min(2 * self._open_s, OPEN_S_MAX))

    def _open(self, open_s: float) -> None:
        self._open_s, self._until_s, self._probing = open_s, self._clock() + open_s, False
