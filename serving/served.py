"""The served log beside the requests: a bounded queue that drops, and counts, rather than slowing a query."""

import asyncio
from collections import deque
from collections.abc import Callable

import xxhash

from schemas.errors import FreshetError
from schemas.metrics import Metrics
from schemas.served import Served
from schemas.topics import RECORD_BYTES_MAX
from streams.producer import Position, Sender

QUEUE_MAX = 10_000
SEND_BATCH = 200
"""Records handed to Kafka before other work gets its turn."""
DRAIN_EVERY_S = 0.1
"""Each time is a request to Kafka, of about a millisecond there."""
VALUE_BYTES_MAX = RECORD_BYTES_MAX - 1_000
"""Of one record; its key (a request id) and what Kafka adds take the rest."""


def fits(record: Served, bytes_max: int = VALUE_BYTES_MAX) -> bool:
    """Whether Kafka takes the record."""
    return len(record.encode()) <= bytes_max


class ServedLog:
    """Keeps records until they are sent to `topic`, at most QUEUE_MAX of them."""

    def __init__(
        self, producer: Sender, topic: str, full_share: float, metrics: Metrics, queue_max: int = QUEUE_MAX
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._full_share = full_share
        self._dropped = metrics.counter("freshet_served_dropped_total")
        self._sent = metrics.counter("freshet_served_total")
        self._queue: deque[Callable[[], Served]] = deque()
        self._queue_max = queue_max
        self._unanswered: set[asyncio.Future[Position]] = set()

    def wants_full(self, request_id: str) -> bool:
        """Whether the request's hash falls into the sampled share: the same for the same id, everywhere."""
        return xxhash.xxh3_64_intdigest(request_id.encode()) < self._full_share * 2**64

    def has_room(self) -> bool:
        return len(self._queue) + len(self._unanswered) < self._queue_max

    def put(self, record: Callable[[], Served]) -> None:
        """Takes a record to be built and sent later; drops it when there is no room."""
        if self.has_room():
            self._queue.append(record)
        else:
            self._dropped.inc()

    async def drain(self) -> None:
        """Sends what waits, without waiting for Kafka's answers."""
        for _ in range(min(SEND_BATCH, len(self._queue))):
            record = self._queue.popleft()()
            try:
                future = self._producer.send(self._topic, record.request_id.encode(), record.encode())
            except FreshetError:
                self._dropped.inc()
                continue
            self._sent.labels(kind=record.kind).inc()
            self._unanswered.add(future)
            future.add_done_callback(self._answered)

    async def close(self) -> None:
        """Hands the rest to the producer, which waits for Kafka when it is closed itself."""
        while self._queue:
            await self.drain()

    def _answered(self, future: "asyncio.Future[Position]") -> None:
        self._unanswered.discard(future)
        if future.cancelled() or future.exception() is not None:
            self._dropped.inc()
