"""Follows a topic (`outcomes`, `served`) in one thread and feeds what remembers it; reconnects by itself."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

from schemas.errors import FreshetError
from serving.logs import Log
from streams.reader import LogRecord

POLL_S = 0.2
RETRY_S = 1.0
STOP_S = 1.0


class Following(Protocol):
    """The live tail of `streams`. Blocking."""

    def poll(self, timeout_s: float) -> list[LogRecord]: ...

    def close(self) -> None: ...


class Remembering(Protocol):
    """What is told of the records, in their order."""

    def add(self, records: list[LogRecord], live: bool = True) -> None: ...


class OpenTail(NamedTuple):
    tail: Following
    live_from: dict[int, int]
    """End of the log per partition when it was opened: what comes before is history."""


def follow(
    open_tail: Callable[[], OpenTail], cache: Remembering, stop: threading.Event, log: Log, topic: str = "outcomes"
) -> None:
    """Runs until `stop` is set; after an error starts again from `open_tail`."""
    while not stop.is_set():
        try:
            opened = open_tail()
            try:
                _feed(opened, cache, stop)
            finally:
                opened.tail.close()
        except FreshetError as error:
            log.warning("topic_not_followed", topic=topic, why=error.message)
            stop.wait(RETRY_S)


def _feed(opened: OpenTail, cache: Remembering, stop: threading.Event) -> None:
    while not stop.is_set():
        records = opened.tail.poll(POLL_S)
        live = [record for record in records if record.offset >= opened.live_from.get(record.partition, 0)]
        cache.add(
            [record for record in records if record.offset < opened.live_from.get(record.partition, 0)], live=False
        )
        cache.add(live)


@asynccontextmanager
async def following(
    open_tail: Callable[[], OpenTail], cache: Remembering, log: Log, topic: str = "outcomes"
) -> AsyncIterator[None]:
    """Ends the thread within STOP_S; one that hangs in Kafka's client is left behind, it holds nothing."""
    stop = threading.Event()
    thread = threading.Thread(target=follow, args=(open_tail, cache, stop, log, topic), name=topic, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        await asyncio.to_thread(thread.join, STOP_S)
