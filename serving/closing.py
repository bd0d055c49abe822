"""How the tier ends while it is used: each answer says that it was the last of its connection, until none is left."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

CLOSE_S: Final = 3.0
"""A connection that a client keeps open has so long to be used once more and be told; then it is closed. A request that
is sent at that very moment fails, as with every server that closes what is idle (RFC 9112, section 9.5)."""
POLL_S: Final = 0.02


class Closing:
    """One for a process."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._began = False

    @property
    def began(self) -> bool:
        return self._began

    async def last_answer(self, request: web.Request, response: web.StreamResponse) -> None:
        """To be called before the headers of each response are written."""
        if self._began:
            response.force_close()
            response.headers["Connection"] = "close"

    async def finish(self, connections: Callable[[], int]) -> None:
        """Returns when no connection is left, after CLOSE_S at the latest. New ones must not come any more."""
        self._began, until_s = True, self._clock() + CLOSE_S
        while connections() and self._clock() < until_s:
            await self._sleep(POLL_S)
