"""A clock that stands still while the machine does, and the event loop of all tests that goes by it.

Timeouts, budgets, hedges and sleeps go by `loop.time()`. Here it goes on by STEP_S at most from one look at it to the
next: a process that got no CPU for a second has lost 10 ms of its budgets. What really waits is late as ever.
"""

import asyncio
import selectors
import time
from typing import Any, Final

STEP_S: Final = 0.01
TICK_S: Final = STEP_S / 2
"""The longest wait between two looks at the time: a wait that is longer is made of many."""


class SteadyClock:
    def __init__(self) -> None:
        self._looked_s = self._now_s = time.monotonic()

    def __call__(self) -> float:
        """Seconds, as of `time.monotonic`."""
        looked_s = time.monotonic()
        self._now_s += min(looked_s - self._looked_s, STEP_S)
        self._looked_s = looked_s
        return self._now_s

    def skip(self, seconds: float) -> None:
        """So much time is over at once."""
        self._now_s += seconds


class SteadySelector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[Any]:
        return super().select(timeout if timeout is None else min(timeout, TICK_S))


class SteadyLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._steady_clock = SteadyClock()
        super().__init__(SteadySelector())

    def time(self) -> float:
        return self._steady_clock()
