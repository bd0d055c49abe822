"""Reads the log: ranges in bulk (restore, replay, look-ups) and a live tail. Committed records only."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import StateRefused, Unavailable

TIMEOUT_S = 10.0
RETRY_S = 0.05
PASSING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)
"""Answers that change by themselves within a moment."""
FETCH_BYTES_MAX = 8_000_000
AHEAD_BYTES = 64 << 20
READ_END_WAIT_MS = 1
"""How long the broker keeps a fetch open at the end of the log. A bounded read knows its end by the answer, and the
next read waits until that fetch is over: with 100 ms each took 100 to 200."""
TAIL_END_WAIT_MS = 100
"""One that follows the log stays there: it asks ten times a second while nothing comes."""
T = TypeVar("T")


class LogRecord(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    """LogAppendTime, ms since 1970."""
    traceparent: bytes = b""
    """As it came with the record, for workers that are traced."""


class Reader:
    """Bounded reads of the log. Blocking and not thread-safe: one per thread."""

    def __init__(self, kafka: str, ahead_bytes: int = AHEAD_BYTES) -> None:
        """`ahead_bytes`: about so much is fetched before it is asked for."""
        self._kafka = kafka
        self._consumer = _consumer(kafka, "freshet-reader", READ_END_WAIT_MS, ahead_bytes)

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        """First offset that is kept, and the last stable offset (what comes after is not committed yet)."""
        low, high = self._ask(lambda: self._consumer.get_watermark_offsets(TopicPartition(topic, partition), TIMEOUT_S))
        return int(low), int(high)

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        """First offset appended at or after the time; the end of the log if there is none."""
        since_1970 = max(time_ms, 0)  # Kafka takes what is below for other questions
        found = self._ask(
            lambda: self._consumer.offsets_for_times([TopicPartition(topic, partition, since_1970)], TIMEOUT_S)
        )
        offset = int(found[0].offset)
        return offset if offset >= 0 else self.begin_end(topic, partition)[1]

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]:
        """Records from `offset` up to `end` (default: the last stable offset now), in lists of at most `batch`.

        Ends at `end` even where the last offsets are transaction markers. Raises StateRefused when `offset` is not
        kept any more, Unavailable when Kafka does not answer for TIMEOUT_S.
        """
        low, high = self.begin_end(topic, partition)
        stop = high if end is None else min(end, high)
        if offset >= stop:
            return
        if offset < low:
            raise StateRefused(
                f"{topic}/{partition} is kept from offset {low}, offset {offset} is gone",
                hint="rebuild from the compacted topics: freshet shard rebuild",
            )
        place = TopicPartition(topic, partition, offset)
        self._consumer.assign([place])
        try:
            yield from self._until(topic, partition, stop, batch)
        finally:
            self._consumer.unassign()

    def _until(self, topic: str, partition: int, end: int, batch: int) -> Iterator[list[LogRecord]]:
        heard = time.monotonic()
        while True:
            messages = self._ask(lambda: _next(self._consumer, 0.1, batch))
            records = [record for record in map(_record, messages) if record and record.offset < end]
            if messages:
                heard = time.monotonic()
            if records:
                yield records
                heard = time.monotonic()  # who reads slowly on purpose has waited for nothing
            if any(_reaches(message, end) for message in messages):
                return
            if time.monotonic() - heard > TIMEOUT_S:
                raise Unavailable(f"Kafka at {self._kafka} sent nothing of {topic}/{partition} for {TIMEOUT_S:g} s")

    def record_at(self, topic: str, partition: int, offset: int) -> LogRecord | None:
        """The first record at or after the offset; None when there is none (yet)."""
        low, high = self.begin_end(topic, partition)
        for records in self.read(topic, partition, max(offset, low), high, batch=1):
            return records[0]
        return None

    def committed(self, group: str, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """Committed offsets of a consumer group, by partition; -1 where there is none."""
        consumer = _consumer(self._kafka, group, READ_END_WAIT_MS)
        try:
            places = [TopicPartition(topic, partition) for partition in partitions]
            found = self._ask(lambda: consumer.committed(places, TIMEOUT_S))
            return {place.partition: int(place.offset) if place.offset >= 0 else -1 for place in found}
        finally:
            consumer.close()

    def close(self) -> None:
        self._consumer.close()

    def _ask(self, question: Callable[[], T]) -> T:
        """Asks again while Kafka says that it will answer soon (a leader is being chosen, the broker starts)."""
        until = time.monotonic() + TIMEOUT_S
        while True:
            try:
                return question()
            except KafkaException as error:
                if error.args[0].code() not in PASSING or time.monotonic() > until:
                    raise Unavailable(f"Kafka at {self._kafka} does not answer: {error}") from error
                time.sleep(RETRY_S)


class Tail:
    """Follows partitions as they grow, from the given offsets. Blocking and not thread-safe."""

    def __init__(self, kafka: str, starts: Mapping[tuple[str, int], int]) -> None:
        self._consumer = _consumer(kafka, "freshet-tail", TAIL_END_WAIT_MS)
        self._consumer.assign([TopicPartition(topic, partition, at) for (topic, partition), at in starts.items()])

    def poll(self, timeout_s: float, batch: int = 1000) -> list[LogRecord]:
        """What has come; empty after `timeout_s` without anything, also while Kafka is away."""
        return [record for record in map(_record, _next(self._consumer, timeout_s, batch)) if record]

    def close(self) -> None:
        self._consumer.close()


def _next(consumer: Consumer, timeout_s: float, batch: int) -> list[Message]:
    """What is there, as soon as anything is: `consume` alone would wait all its time for a full batch."""
    first = consumer.poll(timeout_s)
    if first is None:
        return []
    return [first, *consumer.consume(batch - 1, 0.0)] if batch > 1 else [first]


def _consumer(kafka: str, group: str, end_wait_ms: int, ahead_bytes: int = AHEAD_BYTES) -> Consumer:
    settings: dict[str, Any] = {
        "bootstrap.servers": kafka,
        "group.id": group,  # only looked up or named, never joined: partitions are assigned by hand
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",
        "enable.partition.eof": True,  # the only sign of the end where the last offsets are markers
        "fetch.wait.max.ms": end_wait_ms,
        "fetch.error.backoff.ms": 50,
        "fetch.queue.backoff.ms": 20,  # not a second: a full queue is emptied by one read
        "fetch.message.max.bytes": min(FETCH_BYTES_MAX, ahead_bytes),
        "queued.max.messages.kbytes": ahead_bytes >> 10,
        "log_level": 2,
    }
    return Consumer(settings)


def _reaches(message: Message, end: int) -> bool:
    error = message.error()
    return error.code() == KafkaError._PARTITION_EOF if error else (message.offset() or 0) >= end


def _record(message: Message) -> LogRecord | None:
    error = message.error()
    if error is None:
        key, value = message.key(), message.value()
        return LogRecord(
            str(message.topic()),
            int(message.partition() or 0),
            int(message.offset() or 0),
            key if key is None else bytes(key),
            value if value is None else bytes(value),
            int(message.timestamp()[1]),
        )
    if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
        raise StateRefused(
            f"the offset asked for is no longer kept: {error.str()}", hint="rebuild from the compacted topics"
        )
    return None  # the broker is away or slow: the client reconnects by itself
