"""How a shard process ends while it is asked: not ready first, so that the tier turns to other replicas, then quiet."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

IDLE_S: Final = 5.0
"""Nobody asked for so long: nobody is waited for."""
TOLD_S: Final = 0.8
"""Within this time every tier has looked at `GET /state` again (it does so every 0.5 s)."""
QUIET_S: Final = 0.3
"""No question for so long: those before it are answered, too."""
DRAIN_S_MAX: Final = 3.0
"""Who still asks then has no other replica."""
POLL_S: Final = 0.02


class Draining:
    """Counts questions of the query tier, and waits for their end."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._asked_s = float("-inf")
        self.began = False

    def asked(self) -> None:
        self._asked_s = self._clock()

    async def finish(self) -> None:
        """Returns when nobody asks any more, after DRAIN_S_MAX at the latest."""
        self.began, began_s = True, self._clock()
        if began_s - self._asked_s >= IDLE_S:
            return
        while (now_s := self._clock()) - began_s < DRAIN_S_MAX:
            if now_s - began_s >= TOLD_S and now_s - self._asked_s >= QUIET_S:
                return
            await self._sleep(POLL_S)
