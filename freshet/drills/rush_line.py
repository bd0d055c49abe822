"""Connections of plain HTTP that cost little: bytes made before go out, one request at a time, kept for the next."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any, Final

Then = Callable[[int, bytes, bytes], None]
"""Called with status, head and body; status 0: the connection broke, or nothing came in time."""
LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)", re.IGNORECASE)
HEAD_END: Final = b"\r\n\r\n"
LOOK_S: Final = 0.01


class Lines:
    """As many connections as questions are under way at once. For one event loop."""

    def __init__(self, host: str, port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.under_way: set[Line] = set()
        self._host, self._port = host, port
        self._idle: list[Line] = []
        self._opening: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether an answer is missing."""
        return bool(self.under_way)

    def ask(self, request: bytes, then: Then) -> None:
        line = self._idle.pop() if self._idle else Line(self)
        self.under_way.add(line)
        line.then = then
        if line.open:
            line.write(request)
            return
        task = asyncio.get_running_loop().create_task(self._open(line, request))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, line: "Line", request: bytes) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: line, self._host, self._port)
        except OSError:
            line.close()
        else:
            line.write(request)

    def ended(self, line: "Line", usable: bool) -> None:
        self.under_way.discard(line)
        if usable:
            self._idle.append(line)
        elif line in self._idle:
            self._idle.remove(line)

    async def all_answered(self, limit_s: float) -> None:
        """What has no answer by then never gets one; closes all connections."""
        until_s = self.clock() + limit_s
        while self.busy and self.clock() < until_s:
            await asyncio.sleep(LOOK_S)
        for task in self._opening:
            task.cancel()
        for line in [*self.under_way, *self._idle]:
            line.close()


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, lines: Lines) -> None:
        self.then: Then | None = None
        self._lines = lines
        self._transport: Any = None
        self._got = b""

    @property
    def open(self) -> bool:
        return self._transport is not None

    def write(self, request: bytes) -> None:
        self._transport.write(request)

    def close(self) -> None:
        self._end(0, b"", b"", usable=False)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got = self._got + data if self._got else data
        end = self._got.find(HEAD_END)
        found = LENGTH.search(self._got, 0, end + 2) if end >= 0 else None
        if found is None or len(self._got) < end + len(HEAD_END) + int(found[1]):
            return
        head, body, self._got = self._got[: end + 2], self._got[end + len(HEAD_END) :], b""
        self._end(int(head[9:12]), head, body, usable=b"\r\nconnection: close" not in head.lower())

    def connection_lost(self, error: BaseException | None) -> None:
        self._end(0, b"", b"", usable=False)

    def _end(self, status: int, head: bytes, body: bytes, usable: bool) -> None:
        then, self.then = self.then, None
        self._lines.ended(self, usable)
        if then is not None:
            then(status, head, body)
