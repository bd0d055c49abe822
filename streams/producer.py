"""Sends records to Kafka from asyncio: idempotent, acks=all; a future is done when Kafka has the record."""

import asyncio
import threading
from contextlib import suppress
from typing import NamedTuple, Protocol

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as KafkaProducer

from schemas.errors import Overloaded, Unavailable
from schemas.topics import RECORD_BYTES_MAX
from schemas.tracing import carrying, current
from streams.partitioner import LIBRDKAFKA_NAME

POLL_S = 0.05
CLOSE_S = 5.0
PARTITIONER_DECIDES = -1


class Position(NamedTuple):
    """Where a record stands in the log, and when the broker appended it (ms since 1970)."""

    partition: int
    offset: int
    timestamp_ms: int


class Sender(Protocol):
    """Takes records for topics. What the query tier needs of a producer."""

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None
    ) -> "asyncio.Future[Position]":
        """Raises Overloaded when the queue is full; the future fails with Unavailable if Kafka did not take it."""
        ...

    async def close(self) -> None: ...


class Producer:
    """A `Sender` on confluent-kafka. Use it from the loop it was made on."""

    def __init__(
        self,
        kafka: str,
        *,
        loop: asyncio.AbstractEventLoop,
        queue_max: int = 100_000,
        timeout_s: float = 10.0,
        linger_ms: int = 0,
    ) -> None:
        self._loop = loop
        self._timeout_s = timeout_s
        self._kafka = KafkaProducer(
            {
                "bootstrap.servers": kafka,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": LIBRDKAFKA_NAME,
                "compression.type": "zstd",
                "linger.ms": linger_ms,
                "message.timeout.ms": int(timeout_s * 1000),
                "message.max.bytes": RECORD_BYTES_MAX,
                "queue.buffering.max.messages": queue_max,
                "log_level": 2,
            }
        )
        self._done: list[tuple[asyncio.Future[Position], Position | KafkaError]] = []
        self._closing = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="kafka-producer", daemon=True)
        self._poller.start()

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None
    ) -> "asyncio.Future[Position]":
        future: asyncio.Future[Position] = self._loop.create_future()

        def delivered(error: KafkaError | None, message: Message) -> None:
            at = Position(int(message.partition() or 0), int(message.offset() or 0), int(message.timestamp()[1]))
            self._done.append((future, error or at))

        try:
            where = PARTITIONER_DECIDES if partition is None else partition
            self._kafka.produce(topic, value, key, where, delivered, headers=[*carrying(current())])
        except BufferError:
            raise Overloaded(
                "the queue to Kafka is full", retry_after_s=2.0, hint="send more slowly; Kafka may be slow or away"
            ) from None
        except KafkaException as error:
            raise Unavailable(f"Kafka refused a record for {topic}: {error}") from error
        return future

    def _poll(self) -> None:
        while not self._closing.is_set():
            self._kafka.poll(POLL_S)
            self._hand_over()

    def _hand_over(self) -> None:
        """Resolves many futures in one call into the loop: one call per record would cost more than the record."""
        if self._done:
            done, self._done = self._done, []
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._resolve, done)

    def _resolve(self, done: "list[tuple[asyncio.Future[Position], Position | KafkaError]]") -> None:
        for future, result in done:
            if future.done():
                continue
            if isinstance(result, Position):
                future.set_result(result)
            else:
                future.set_exception(
                    Unavailable(
                        f"Kafka did not take the record within {self._timeout_s:g} s: {result.str()}",
                        hint="try again; see freshet status",
                    )
                )

    async def close(self) -> None:
        """Waits for what was sent, at most CLOSE_S seconds."""
        await asyncio.to_thread(self._kafka.flush, CLOSE_S)
        self._closing.set()
        await asyncio.to_thread(self._poller.join)
        self._hand_over()
        await asyncio.sleep(0)
