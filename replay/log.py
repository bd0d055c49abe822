"""The log, as far as analysts' tools read it: the reader of `streams`. Blocking."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

from streams.reader import AHEAD_BYTES, LogRecord, Reader


class Log(Protocol):
    """One partition at a time."""

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]: ...

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int: ...

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]: ...


class AgentsLog(Log, Protocol):
    """It tells how far the agents have come, too."""

    def committed(self, group: str, topic: str, partitions: list[int]) -> dict[int, int]: ...


def open_log(kafka: str, closing: ExitStack, ahead_bytes: int = AHEAD_BYTES) -> AgentsLog:
    """Once more: each reads one topic at a time. Closed by `closing`."""
    log = Reader(kafka, ahead_bytes)
    closing.callback(log.close)
    return log
