"""What is happening, told to everyone who listens: events go in once, each listener has a bounded queue of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

import orjson
from pydantic import BaseModel

from schemas.errors import Overloaded
from schemas.metrics import Metrics
from serving.changes import Change

LISTENERS_MAX = 50
QUEUE_MAX = 200
"""Events that wait for one listener; beyond it the listener is told so and let go."""
CHANGES_KEPT_MAX = 200
"""Changes a listener that comes back can still get."""
CHANGES_SHOWN_FIRST = 40
"""Changes a new listener gets at once."""
HEARTBEAT_S = 2.0
HEARTBEAT = b": alive\n\n"


class More(BaseModel):
    """Events that were decided and are not told one by one."""

    count: int


class Dropped(BaseModel):
    """The last words to a listener that was too slow."""

    reason: Literal["too_slow"] = "too_slow"


class _Kept(NamedTuple):
    number: int
    text: bytes


def encoded(event: str, data: BaseModel, event_id: str = "") -> bytes:
    """One server-sent event (WHATWG HTML, section 9.2)."""
    named = f"id: {event_id}\n" if event_id else ""
    return f"{named}event: {event}\ndata: ".encode() + orjson.dumps(data.model_dump()) + b"\n\n"


class Listener:
    """One connection's queue."""

    def __init__(self, first: list[bytes]) -> None:
        self._queue = deque(first)
        self._news = asyncio.Event()
        self._ended = False
        if first:
            self._news.set()

    def put(self, text: bytes) -> bool:
        """False when there is no room: then the notice is the last thing that is told."""
        if self._ended:
            return True
        if len(self._queue) >= QUEUE_MAX:
            self._queue.clear()
            self.end(encoded("dropped", Dropped()))
            return False
        self._queue.append(text)
        self._news.set()
        return True

    def end(self, last: bytes = b"") -> None:
        if last:
            self._queue.append(last)
        self._ended = True
        self._news.set()

    def take(self) -> list[bytes]:
        """All that waits."""
        taken = list(self._queue)
        self._queue.clear()
        return taken

    async def texts(self, heartbeat_s: float = HEARTBEAT_S) -> AsyncIterator[bytes]:
        """What is to be written, until the end; a comment when there was nothing for `heartbeat_s`."""
        while True:
            if self._queue:
                yield b"".join(self.take())
            elif self._ended:
                return
            else:
                self._news.clear()
                try:
                    await asyncio.wait_for(self._news.wait(), heartbeat_s)
                except TimeoutError:
                    yield HEARTBEAT


class Feed:
    """For one event loop. `run` tells this process's feed from an earlier one's: ids are `run-number`."""

    def __init__(self, run: str, metrics: Metrics) -> None:
        self._run = run
        self._metrics = metrics
        self._listeners: set[Listener] = set()
        self._changes: deque[_Kept] = deque(maxlen=CHANGES_KEPT_MAX)
        self._last: dict[str, bytes] = {}
        self._number = 0
        self._closed = False

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def change(self, told: Change) -> None:
        self._number += 1
        text = encoded("change", told, f"{self._run}-{self._number}")
        self._changes.append(_Kept(self._number, text))
        self._publish("change", text)

    def more(self, count: int) -> None:
        self._publish("more", encoded("more", More(count=count)))

    def state(self, event: Literal["freshness", "processes"], data: BaseModel) -> None:
        """A new listener gets the last one of each at once, unless it was forgotten."""
        self._last[event] = encoded(event, data)
        self._publish(event, self._last[event])

    def forget(self, event: Literal["freshness", "processes"]) -> None:
        """The last one is no longer how things are."""
        self._last.pop(event, None)

    @contextmanager
    def listening(self, last_event_id: str = "") -> Iterator[Listener]:
        """Raises Overloaded when LISTENERS_MAX listen already."""
        if len(self._listeners) >= LISTENERS_MAX:
            raise Overloaded(f"{LISTENERS_MAX} listen to the feed already", retry_after_s=5.0)
        listener = Listener([*self._last.values(), *self._since(last_event_id)])
        self._listeners.add(listener)
        if self._closed:
            listener.end()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            self._count()

    def close(self) -> None:
        """Ends every connection, so that the process can stop."""
        self._closed = True
        for listener in self._listeners:
            listener.end()

    def _since(self, last_event_id: str) -> list[bytes]:
        """The changes after the last one a listener has; the newest ones for a new listener."""
        run, _, number = last_event_id.rpartition("-")
        if run != self._run or not (number.isascii() and number.isdigit()):
            return [kept.text for kept in list(self._changes)[-CHANGES_SHOWN_FIRST:]]
        missed = [kept for kept in self._changes if kept.number > int(number)]
        gone = (missed[0].number - int(number) - 1) if missed else 0
        return [*([encoded("more", More(count=gone))] if gone > 0 else []), *(kept.text for kept in missed)]

    def _publish(self, event: str, text: bytes) -> None:
        self._count()
        for listener in self._listeners:
            if not listener.put(text):
                self._metrics.counter("freshet_feed_dropped_total").inc()
        self._metrics.counter("freshet_feed_events_total").labels(event=event).inc(len(self._listeners))

    def _count(self) -> None:
        self._metrics.gauge("freshet_feed_listeners").set(len(self._listeners))
