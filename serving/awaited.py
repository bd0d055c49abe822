"""A reader of the log for as long as somebody waits for the answer."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemas.errors import Unavailable
from streams.reader import LogRecord

if TYPE_CHECKING:
    from serving.history import LogReader


class Awaited:
    """Each read raises Unavailable once nobody waits: a question that is late ends with the read that it is in."""

    def __init__(self, reader: "LogReader", gone: threading.Event) -> None:
        self._reader = reader
        self._gone = gone

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        self._go_on()
        return self._reader.begin_end(topic, partition)

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        self._go_on()
        return self._reader.offset_at(topic, partition, time_ms)

    def committed(self, group: str, topic: str, partitions: list[int]) -> dict[int, int]:
        self._go_on()
        return self._reader.committed(group, topic, partitions)

    def record_at(self, topic: str, partition: int, offset: int) -> LogRecord | None:
        self._go_on()
        return self._reader.record_at(topic, partition, offset)

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]:
        self._go_on()
        for records in self._reader.read(topic, partition, offset, end, batch):
            yield records
            self._go_on()

    def _go_on(self) -> None:
        if self._gone.is_set():
            raise Unavailable("nobody waits for the answer any more")
