"""Stands where Faust's stream does: the shard agent reads from it what a benchmark feeds, without a broker."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

from streams.reader import LogRecord


class FedEvent:
    """One record on its way in. There is nobody to acknowledge it to."""

    def __init__(self, record: LogRecord) -> None:
        self.message = SimpleNamespace(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            timestamp=record.timestamp_ms / 1000,
        )

    def ack(self) -> None:
        return


class FedStream:
    """What `agents.worker.batches` takes. `feed` from its own event loop."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[FedEvent] = asyncio.Queue()
        self.channel = SimpleNamespace(queue=self._waiting)

    def feed(self, records: list[LogRecord]) -> None:
        for record in records:
            self._waiting.put_nowait(FedEvent(record))

    def noack(self) -> "FedStream":
        return self

    async def events(self) -> AsyncIterator[FedEvent]:
        while True:
            yield await self._waiting.get()
