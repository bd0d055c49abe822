"""How a worker keeps its connections few: after a while an answer says that it was the last of its connection.

A client that hands out its connections in turn, as aiohttp's does, keeps all that a burst has opened: none of them is
ever idle. So each ends once it is old, and only as many are opened again as are in use at a time (docs/adr/0029).
"""

import asyncio
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from aiohttp import web

AGE_S_MAX: Final = 30.0
"""A new connection costs a client some tenths of a millisecond."""


class ConnectionAge:
    """One for a server."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._first_s: WeakKeyDictionary[asyncio.BaseTransport, float] = WeakKeyDictionary()
        """When the first answer went over it."""

    async def last_answer(self, request: web.Request, response: web.StreamResponse) -> None:
        """To be called before the headers of each response are written."""
        if request.transport is None:
            return
        now_s = self._clock()
        if now_s - self._first_s.setdefault(request.transport, now_s) >= AGE_S_MAX:
            response.force_close()
            response.headers["Connection"] = "close"
