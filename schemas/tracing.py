"""One trace from a change or a search to what came of it: the header `traceparent` of W3C's Trace Context, handed on.

Off, nothing reads or writes it. On, each process hands it on as it came; where OpenTelemetry is installed
(`streams/otel.py`) each step is a span of it, and what goes on names that span. Headers are beside the values of
records: no digest, no decision and no replay ever sees them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

TRACEPARENT = "traceparent"
FORM = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""www.w3.org/TR/trace-context, version 00: a trace, a span in it, flags."""


class Span(Protocol):
    """One step of a trace, begun."""

    traceparent: bytes
    """What goes on from here: a header's value, or nothing."""

    def part(self, name: str, took_s: float) -> None:
        """A part of it that ends now."""
        ...

    def end(self) -> None: ...


class Tracer(Protocol):
    on: bool

    def begin(self, name: str, parent: bytes, **facts: str | int) -> Span:
        """`parent`: the traceparent that came, or nothing: then it may begin a trace of its own."""
        ...

    def close(self) -> None:
        """Sends what has not been sent, for a moment. Blocking."""
        ...


class Handed:
    """A step that is no span: what came goes on as it is."""

    def __init__(self, traceparent: bytes) -> None:
        self.traceparent = traceparent

    def part(self, name: str, took_s: float) -> None:
        pass

    def end(self) -> None:
        pass


class Passing:
    """Hands on what comes, and makes no spans; or, `on` being false, nothing."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def begin(self, name: str, parent: bytes, **facts: str | int) -> Span:
        return Handed(parent if self.on else b"")

    def close(self) -> None:
        pass


NOT_TRACED = Passing(on=False)
CURRENT: ContextVar[Span | None] = ContextVar("span", default=None)
"""Of the request in hand; None when nothing is traced."""


def checked(value: bytes) -> bytes:
    """A traceparent, or nothing for what is none: it may come from anybody."""
    return value if FORM.fullmatch(value) else b""


def among(headers: Mapping[str, bytes] | Iterable[tuple[str, bytes]] | None) -> bytes:
    """The traceparent among the headers of a record."""
    return checked(dict(headers).get(TRACEPARENT) or b"") if headers else b""


def carrying(traceparent: bytes) -> list[tuple[str, bytes]]:
    """The headers of a record that belongs to it; none for nothing."""
    return [(TRACEPARENT, traceparent)] if traceparent else []


def current() -> bytes:
    """The traceparent of what is sent now, or nothing."""
    span = CURRENT.get()
    return span.traceparent if span is not None else b""


@contextmanager
def within(span: Span) -> Iterator[Span]:
    """What is sent meanwhile belongs to the span; it ends with this."""
    before = CURRENT.set(span)
    try:
        yield span
    finally:
        CURRENT.reset(before)
        span.end()
