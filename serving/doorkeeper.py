"""Turns searches away before they are read while as many are inside as may be: reading five times what can be answered
costs what those inside need.

It stands between a connection and aiohttp, and takes a request only where it is whole and alone, nothing of it can
have been read before, and it is a search. All else goes through, and is refused further inside if need be.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from schemas.errors import Overloaded
from schemas.limits import REQUEST_ID_CHARS_MAX
from schemas.metrics import Metrics
from serving.adaptive_gate import AdaptiveGate
from serving.patience import Patience
from serving.problems import explain

SEARCH: Final = b"POST /v1/search HTTP/1.1\r\n"
LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*(?=\r\n)", re.IGNORECASE)
REQUEST_ID: Final = re.compile(
    rb"\r\nx-request-id:[ \t]*([A-Za-z0-9._-]{1,%d})[ \t]*\r\n" % REQUEST_ID_CHARS_MAX, re.IGNORECASE
)
UNUSUAL: Final = re.compile(
    rb"\r\n(?:(?:transfer-encoding|expect|upgrade):|connection:(?![ \t]*keep-alive[ \t]*\r\n))", re.IGNORECASE
)
"""What changes how a request is to be read or answered."""


class Doorkeeper:
    """`open`: false from when the process ends, as answers then close their connection."""

    def __init__(
        self,
        gate: AdaptiveGate,
        metrics: Metrics,
        new_request_id: Callable[[], str],
        headers: dict[str, str],
        is_open: Callable[[], bool] = lambda: True,
        patience: Patience | None = None,
    ) -> None:
        self.patience = patience
        """Knows of every connection, if given."""
        self._gate = gate
        self._new_request_id = new_request_id
        self._is_open = is_open
        self._requests = metrics.counter("freshet_requests_total").labels(route="/v1/search", status="429")
        self._seconds = metrics.histogram("freshet_request_seconds").labels(route="/v1/search")
        self._shed = metrics.counter("freshet_shed_total").labels(where="tier")
        self._head, self._body = _answer(headers)

    def before(self, inside: Callable[[], Any]) -> Callable[[], asyncio.Protocol]:
        """A factory of protocols for `create_server`; `inside` makes aiohttp's."""
        return lambda: _Connection(self, inside())

    def refusal(self, data: bytes) -> bytes | None:
        """The answer to a search that is turned away; None: it is none, or there is room."""
        if not (data.startswith(SEARCH) and self._gate.full and self._is_open()):
            return None
        self._requests.inc()
        self._seconds.observe(0.0)
        self._shed.inc()
        found = REQUEST_ID.search(data, 0, data.index(b"\r\n\r\n") + 2)
        request_id = found[1] if found else self._new_request_id().encode()
        return b"".join((self._head, request_id, b"\r\n\r\n", self._body))


def _answer(headers: dict[str, str]) -> tuple[bytes, bytes]:
    """All of it but the request's id, as the gate's own refusal says it."""
    said = explain(Overloaded("as many searches as can be answered are inside already", retry_after_s=1.0))
    body = said.body
    assert isinstance(body, bytes)
    lines = {**headers, **said.headers, "Content-Type": said.headers["Content-Type"], "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 429 Too Many Requests\r\n{head}X-Request-Id: ".encode(), body


def whole(data: bytes) -> bool:
    """Whether it is exactly one request that says its length, and nothing about it is unusual."""
    end = data.find(b"\r\n\r\n")
    if end < 0 or UNUSUAL.search(data, 0, end + 2):
        return False
    lengths = LENGTH.findall(data[: end + 2])
    return len(lengths) <= 1 and len(data) == end + 4 + (int(lengths[0]) if lengths else 0)


class _Connection(asyncio.Protocol):
    """One connection. `inside` is aiohttp's protocol, which writes to the transport by itself."""

    def __init__(self, keeper: Doorkeeper, inside: web.RequestHandler) -> None:
        self._keeper = keeper
        self._inside = inside
        self._transport: Any = None
        self._clear = True
        """Whether each chunk so far was one whole request: then the next one begins where a request does."""
        self._let_in = True
        """False: there were too many already, and it is closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        patience = self._keeper.patience
        self._let_in = patience is None or patience.came(transport)
        if self._let_in:
            self._inside.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._let_in:
            return
        self._clear = self._clear and whole(data)
        if self._clear and self._idle() and (refusal := self._keeper.refusal(data)) is not None:
            self._transport.write(refusal)
        else:
            self._inside.data_received(data)

    def _idle(self) -> bool:
        """Whether no answer is owed: they come in the order of the requests."""
        return self._inside._current_request is None and not self._inside._messages

    def eof_received(self) -> None:
        if self._let_in:
            self._inside.eof_received()

    def connection_lost(self, error: BaseException | None) -> None:
        if not self._let_in:
            return
        if self._keeper.patience is not None:
            self._keeper.patience.went(self._transport)
        self._inside.connection_lost(error)

    def pause_writing(self) -> None:
        self._inside.pause_writing()

    def resume_writing(self) -> None:
        self._inside.resume_writing()
