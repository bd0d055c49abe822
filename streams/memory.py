"""A log in memory for unit tests, under the same contract tests as the real clients; replay may use it too."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterator

from schemas.errors import StateRefused
from streams.partitioner import partition_of
from streams.producer import Position
from streams.reader import LogRecord


class MemoryLog:
    """All topics of a test. `send` is a `Sender`; `read`, `begin_end`, `record_at`, `offset_at` are a `Reader`."""

    def __init__(self, partitions: int = 1) -> None:
        self._partitions = partitions
        self._records: dict[tuple[str, int], list[LogRecord]] = defaultdict(list)
        self._clock_ms = itertools.count(1_700_000_000_000)

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None
    ) -> "asyncio.Future[Position]":
        where = partition if partition is not None else partition_of(key, self._partitions) if key else 0
        log = self._records[(topic, where)]
        record = LogRecord(topic, where, len(log), key, value, next(self._clock_ms))
        log.append(record)
        future: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        future.set_result(Position(where, record.offset, record.timestamp_ms))
        return future

    async def close(self) -> None:
        """Nothing to wait for."""

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        return 0, len(self._records[(topic, partition)])

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        log = self._records[(topic, partition)]
        return next((record.offset for record in log if record.timestamp_ms >= time_ms), len(log))

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]:
        if offset < 0:
            raise StateRefused(f"{topic}/{partition} is kept from offset 0, offset {offset} is gone")
        log = self._records[(topic, partition)][offset : end if end is None else max(end, 0)]
        for start in range(0, len(log), batch):
            yield log[start : start + batch]

    def record_at(self, topic: str, partition: int, offset: int) -> LogRecord | None:
        log = self._records[(topic, partition)]
        return log[offset] if offset < len(log) else None
