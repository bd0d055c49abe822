"""agents.session: counts each click once in its session's history, and keeps where the session looks."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import structlog

from agents.dead_letters import count_from_zero, dead_letter
from agents.faults import Faults
from agents.partitions import Partitions
from agents.popularity import PopularityCounter
from agents.topics import Topics
from agents.worker import batches, fail_stop, fresh_only
from encoders.session_vector import session_vector
from schemas.clicks import Click, decode_click
from schemas.errors import InvalidEvent, Unavailable
from schemas.metrics import Metrics
from schemas.sessions import HISTORY_MS, VECTOR_MS, Counted, SessionClick
from streams.item_vectors import ItemMemory
from streams.partitioner import partition_of
from streams.reader import LogRecord, Reader
from streams.sessions import Sessions
from streams.transactions import Outgoing

RETRY_S = 0.5
"""While Redis is away clicks wait in the log, and it is asked so often."""
SHARDS_TIMEOUT_S = 0.2
"""A vector that is not made within this is made by the next search of its session."""

log = structlog.get_logger()


@dataclass
class ReadClicks:
    """What a batch of one partition holds."""

    clicks: list[SessionClick] = field(default_factory=list)
    signs: list[SessionClick] = field(default_factory=list)
    """The same and those that are older than any history: what popularity is counted from."""
    expired: int = 0
    """Older than any history."""
    letters: list[Outgoing] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def read_clicks(records: Sequence[LogRecord], topics: Topics, faults: Faults, now_ms: int) -> ReadClicks:
    """Reads the records of one partition in log order. Never raises for a bad click: it becomes a dead letter."""
    read = ReadClicks()
    for record in records:
        try:
            faults.handler("session")
            click = read_click(record, topics.partitions)
        except InvalidEvent as invalid:
            _dead_letter(read, record, invalid, topics)
        except Exception as error:
            log.exception("a click could not be read", offset=record.offset)
            _dead_letter(read, record, InvalidEvent("unexpected", f"{type(error).__name__}: {error}"), topics)
        else:
            read.signs.append(SessionClick(click.session, click.sku, click.type, record.offset, record.timestamp_ms))
            if now_ms - record.timestamp_ms >= HISTORY_MS:
                read.expired += 1
            else:
                read.clicks.append(read.signs[-1])
    return read


def read_click(record: LogRecord, partitions: int) -> Click:
    """Raises InvalidEvent, also for a record whose key does not name its session and partition."""
    if not record.key:
        raise InvalidEvent("missing_key", "the record has no key; the key must be the session")
    if record.value is None:
        raise InvalidEvent("malformed_json", "the record has no value")
    owner = partition_of(record.key, partitions)
    if owner != record.partition:
        raise InvalidEvent(
            "wrong_partition", f"the key belongs on partition {owner}, the record is on {record.partition}"
        )
    click = decode_click(record.value)
    if record.key != click.session.encode():
        raise InvalidEvent("key_mismatch", "the key is not the click's session", sku=click.sku)
    return click


def _dead_letter(read: ReadClicks, record: LogRecord, invalid: InvalidEvent, topics: Topics) -> None:
    read.letters.append(dead_letter(record, None, invalid, "session", topics))
    read.reasons.append(invalid.reason)


class SessionAgent:
    """The flow around `read_clicks`: histories first, then vectors, then the position.

    A crash between them only repeats: the store refuses clicks it has counted.
    """

    def __init__(
        self,
        kafka: str,
        topics: Topics,
        log_id: int,
        sessions: Sessions,
        items: ItemMemory,
        popularity: PopularityCounter,
        batch_max: int,
        metrics: Metrics,
        faults: Faults,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        retry_s: float = RETRY_S,
    ) -> None:
        self._topics = topics
        self._log_id = log_id
        self._sessions = sessions
        self._items = items
        self._popularity = popularity
        self._batch_max = batch_max
        self._metrics = metrics
        count_from_zero(metrics, "session")
        self._faults = faults
        self._now_ms = now_ms
        self._retry_s = retry_s
        self.waits_for = ""
        """Why clicks are not counted now; empty when they are."""
        self.partitions = Partitions(
            kafka, "session", topics.generation, topics.name("clicks"), self._prepare, metrics, faults.step
        )

    async def _prepare(self, partition: int) -> None:
        await self._popularity.prepare(partition, self.partitions.next_offsets[partition])

    async def work(self, stream: Any) -> None:
        """The agent: batches in, histories out. Any error but a bad click stops the worker."""
        try:
            async for batch in batches(stream, self._batch_max):
                for partition, records in groupby(sorted(batch, key=_by_partition), key=_by_partition):
                    await self._count_all(partition, list(records))
        except Exception as error:  # noqa: BLE001
            fail_stop("agents.session", error)

    async def _count_all(self, partition: int, records: list[LogRecord]) -> None:
        """Again and again while the store is away; in between the worker can be stopped and partitions handed over."""
        while True:
            try:
                async with self.partitions.lock:
                    await self._count(partition, records)
                self._say("")
                return
            except Unavailable as error:
                self._say(error.message)
            await asyncio.sleep(self._retry_s)
            with suppress(Unavailable):
                await self._sessions.probe()

    def _say(self, waits_for: str) -> None:
        if waits_for and not self.waits_for:
            log.warning("clicks wait", why=waits_for)
        elif self.waits_for and not waits_for:
            log.info("clicks are counted again")
        self.waits_for = waits_for

    async def _count(self, partition: int, records: list[LogRecord]) -> None:
        """Raises Unavailable when the store is away."""
        if partition not in self.partitions.next_offsets:
            return  # handed over meanwhile
        fresh = fresh_only(records, self.partitions.next_offsets[partition])
        if not fresh:
            return
        await self.partitions.check_gap(partition, fresh[0].offset)
        self._metrics.gauge("freshet_batch_records").labels("session").set(len(fresh))
        read = read_clicks(fresh, self._topics, self._faults, self._now_ms())
        counted = await self._sessions.count(self._log_id, read.clicks, self._now_ms()) if read.clicks else []
        self._faults.step("session.5")
        with suppress(Unavailable):  # then the next search of the session makes its vector
            await self._keep_vectors(counted)
        self._faults.step("session.6")
        await self.partitions.commit(partition, read.letters, fresh[-1].offset + 1)
        self._popularity.take(partition, read.signs, fresh[-1].offset + 1)
        self._faults.step("session.7")
        self._measure(read, counted)

    async def _keep_vectors(self, counted: Sequence[Counted]) -> None:
        histories = {one.session: one.history for one in counted if one.history.items}
        if not histories:
            return
        skus = (item.sku for history in histories.values() for item in history.items)
        found = await self._items.of(skus, SHARDS_TIMEOUT_S)
        made = {
            session: vector
            for session, history in histories.items()
            if (vector := session_vector(history, found.encoder, found.vectors))
        }
        if made:
            await self._sessions.put(made, VECTOR_MS - round(found.age_s * 1000))

    def _measure(self, read: ReadClicks, counted: Sequence[Counted]) -> None:
        results = {
            "counted": sum(one.clicks for one in counted),
            "duplicate": sum(one.duplicates for one in counted),
            "expired": read.expired,
            "dead-lettered": len(read.reasons),
        }
        for result, number in results.items():
            self._metrics.counter("freshet_clicks_total").labels(result).inc(number)
        for reason in read.reasons:
            self._metrics.counter("freshet_dead_letters_total").labels("session", reason).inc()

    def measure_lag(self, reader: Reader) -> None:
        """How many clicks wait, by partition. Blocking."""
        for partition, position in list(self.partitions.next_offsets.items()):
            _, end = reader.begin_end(self._topics.name("clicks"), partition)
            self._metrics.gauge("freshet_clicks_lag").labels(partition).set(max(0, end - position))


def _by_partition(record: LogRecord) -> int:
    return record.partition
