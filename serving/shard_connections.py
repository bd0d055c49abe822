"""Connections to the shard processes: kept, one question at a time on each, by as little of HTTP/1.1 as they speak.

A client that can do all of HTTP takes four times as much CPU, for two or three questions a search.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

HEAD_END: Final = b"\r\n\r\n"
HEAD_BYTES_MAX: Final = 16_384
ORIGINS_KEPT_MAX: Final = 1_024


class TooLarge(Exception):
    """The answer has more bytes than are taken."""


class Strange(Exception):
    """What answers does not speak HTTP as a shard process does."""


class Answer(NamedTuple):
    status: int
    body: bytes


class Origin(NamedTuple):
    host: str
    port: int
    tls: bool
    named: bytes
    """As the header Host has it."""


class Head(NamedTuple):
    """Of an answer."""

    status: int
    length: int
    """Of the body."""
    stays: bool
    """Whether the connection takes another question."""


class ShardConnections:
    """For one event loop. As many are open as questions were under way at once."""

    def __init__(self, answer_bytes_max: int) -> None:
        self._answer_bytes_max = answer_bytes_max
        self._free: dict[Origin, list[Connection]] = {}
        """Those that wait for a question, the one that was used last at the end."""

    async def ask(self, method: str, url: str, headers: bytes, body: bytes) -> Answer:
        """`headers`: whole lines. Raises OSError, TooLarge, Strange. Cancelled, it closes its connection: then a shard
        gives the question up."""
        origin, path = split(url)
        question = b"%b %b HTTP/1.1\r\nHost: %b\r\nContent-Length: %d\r\n%b\r\n%b" % (
            method.encode(),
            path,
            origin.named,
            len(body),
            headers,
            body,
        )
        while free := self._free.get(origin):
            kept = free.pop()
            try:
                return await self._asked(origin, kept, question)
            except ConnectionError:
                if kept.heard:
                    raise
                # it was closed while it waited: all questions may be asked twice
        return await self._asked(origin, await self._open(origin), question)

    def close(self) -> None:
        """Those that wait."""
        for free in self._free.values():
            for one in free:
                one.close()
        self._free.clear()

    async def _open(self, origin: Origin) -> "Connection":
        def ended(one: Connection) -> None:
            free = self._free.get(origin, [])
            if one in free:
                free.remove(one)
            if not free:
                self._free.pop(origin, None)

        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(
            lambda: Connection(self._answer_bytes_max, ended), origin.host, origin.port, ssl=origin.tls or None
        )
        return made

    async def _asked(self, origin: Origin, connection: "Connection", question: bytes) -> Answer:
        answer = await connection.ask(question)
        if connection.stays:
            self._free.setdefault(origin, []).append(connection)
        return answer


class Connection(asyncio.Protocol):
    """One question after another. `ended` is called once it is closed, by whichever side."""

    def __init__(self, answer_bytes_max: int, ended: "Callable[[Connection], None]") -> None:
        self._answer_bytes_max = answer_bytes_max
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._read = bytearray()
        self._head: Head | None = None

    @property
    def heard(self) -> bool:
        """Whether anything of the answer has come."""
        return bool(self._read) or self._head is not None

    @property
    def stays(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, question: bytes) -> Answer:
        """Raises ConnectionError, TooLarge or Strange."""
        self._read, self._head = bytearray(), None
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("it is closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(question)
        try:
            return await self._answer
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("it was closed before the whole answer"))
        self._ended(self)

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None or answer.done():
            self.close()  # nothing was asked
            return
        self._read += data
        try:
            whole = self._taken()
        except (TooLarge, Strange) as error:
            answer.set_exception(error)
            return
        if whole is not None:
            answer.set_result(whole)

    def _taken(self) -> Answer | None:
        """The answer, once it is whole."""
        if self._head is None:
            end = self._read.find(HEAD_END, 0, HEAD_BYTES_MAX)
            if end < 0:
                if len(self._read) >= HEAD_BYTES_MAX:
                    raise Strange("headers without an end")
                return None
            self._head = read_head(bytes(self._read[:end]))
            del self._read[: end + len(HEAD_END)]
            if self._head.length > self._answer_bytes_max:
                raise TooLarge
        if len(self._read) < self._head.length:
            return None
        if len(self._read) > self._head.length or not self._head.stays:
            self.close()
        return Answer(self._head.status, bytes(self._read[: self._head.length]))


@lru_cache(ORIGINS_KEPT_MAX)
def origin_of(base: str) -> Origin:
    parts = urlsplit(base)
    tls = parts.scheme == "https"
    return Origin(parts.hostname or "", parts.port or (443 if tls else 80), tls, parts.netloc.encode())


def split(url: str) -> tuple[Origin, bytes]:
    """Where to ask, and the path with what follows it."""
    start = url.find("/", url.find("://") + 3)
    return (origin_of(url), b"/") if start < 0 else (origin_of(url[:start]), url[start:].encode())


def read_head(head: bytes) -> Head:
    """Of an answer with a length. Raises Strange."""
    first, *lines = head.split(b"\r\n")
    try:
        status = int(first.removeprefix(b"HTTP/1.1 ")[:3])
        headers = {name.lower(): value.strip() for name, value in (line.split(b":", 1) for line in lines)}
        length = int(headers[b"content-length"])
    except (ValueError, KeyError):
        raise Strange("no status, or no length") from None
    if length < 0:
        raise Strange("a length below zero")
    return Head(status, length, headers.get(b"connection", b"").lower() != b"close")
