"""agents.catalog: reads a batch of events, decides them, writes what follows in one transaction with the position."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import structlog

from agents.dead_letters import count_from_zero, dead_letter
from agents.decide import Decision, SkuState, decide
from agents.faults import Faults
from agents.partitions import Partitions
from agents.store import Change, SkuStore
from agents.topics import Topics
from agents.tracing import BatchTrace
from agents.worker import TRANSACTION_EVERY_S, batches, fail_stop, fresh_only
from schemas.errors import InvalidEvent, StateRefused
from schemas.events import CatalogEvent, decode_event
from schemas.metrics import Metrics
from schemas.records import EventId, Outcome
from schemas.tracing import NOT_TRACED, Tracer
from streams.partitioner import partition_of
from streams.reader import LogRecord, Reader
from streams.transactions import Outgoing

PURGE_EVERY_S = 3_600.0
PURGE_SKUS_MAX = 1_000
"""Deletes forgotten in one transaction."""

log = structlog.get_logger()


@dataclass
class Decided:
    """What a batch of one partition comes to: records to write, and what the store learns once they are committed."""

    outgoing: list[Outgoing] = field(default_factory=list)
    changed: list[tuple[str, str, bytes, int]] = field(default_factory=list)
    """(contents | offers, sku, value, event time in ms), in the order of `outgoing`'s derived records."""
    outcomes: list[Outcome] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    unknown_fields: int = 0


def decide_batch(
    records: Sequence[LogRecord],
    load: Callable[[str], SkuState | None],
    topics: Topics,
    faults: Faults,
    states: dict[str, SkuState | None] | None = None,
) -> Decided:
    """Decides the records of one partition in log order. Never raises for a bad event: it becomes a dead letter.

    `states`: what is known of SKUs already, and what is known of them afterwards; `load` is asked for the others.
    """
    decided = Decided()
    states = {} if states is None else states
    for record in records:
        event_id = EventId(topics.generation, record.partition, record.offset)
        try:
            faults.handler("catalog")
            event, unknown = read_event(record, topics.partitions)
            if event.sku not in states:
                states[event.sku] = load(event.sku)
            decision = decide(states[event.sku], event, event_id.order, record.timestamp_ms)
            decided.unknown_fields += unknown
        except StateRefused:
            raise  # our own store is damaged: no fault of the event
        except InvalidEvent as invalid:
            _dead_letter(decided, record, event_id, invalid, topics)
        except Exception as error:
            log.exception("an event could not be decided", event_id=str(event_id))
            unexpected = InvalidEvent("unexpected", f"{type(error).__name__}: {error}")
            _dead_letter(decided, record, event_id, unexpected, topics)
        else:
            if decision is not None:
                states[event.sku] = decision.state or states[event.sku]
                _accept(decided, record, event_id, event.sku, decision, topics)
    return decided


def read_event(record: LogRecord, partitions: int) -> tuple[CatalogEvent, int]:
    """The event of a record, and how many of its fields were unknown.

    Raises InvalidEvent, also for a record whose key does not name its SKU and partition: its order would not hold.
    """
    if not record.key:
        raise InvalidEvent("missing_key", "the record has no key; the key must be the SKU")
    if record.value is None:
        raise InvalidEvent("malformed_json", "the record has no value; to delete a product send a delete event")
    owner = partition_of(record.key, partitions)
    if owner != record.partition:
        raise InvalidEvent(
            "wrong_partition", f"the key belongs on partition {owner}, the record is on {record.partition}"
        )
    event, unknown = decode_event(record.value)
    if record.key != event.sku.encode():
        raise InvalidEvent(
            "key_mismatch", f"the key is {record.key!r}, the event's sku is {event.sku!r}", sku=event.sku
        )
    return event, unknown


def _accept(
    decided: Decided, record: LogRecord, event_id: EventId, sku: str, decision: Decision, topics: Topics
) -> None:
    for base, derived in (("contents", decision.content), ("offers", decision.offer)):
        if derived is not None:
            value = derived.encode()
            decided.outgoing.append(
                Outgoing(topics.name(base), record.partition, sku.encode(), value, record.traceparent)
            )
            decided.changed.append((base, sku, value, record.timestamp_ms))
    _outcome(
        decided,
        topics,
        record,
        Outcome(
            event_id=str(event_id),
            sku=sku,
            outcome=decision.outcome,
            reason=decision.reason,
            received_ms=record.timestamp_ms,
            content_changed=decision.content is not None,
        ),
    )


def _dead_letter(decided: Decided, record: LogRecord, event_id: EventId, invalid: InvalidEvent, topics: Topics) -> None:
    decided.outgoing.append(dead_letter(record, event_id, invalid, "catalog", topics))
    decided.reasons.append(invalid.reason)
    outcome = Outcome(
        event_id=str(event_id),
        sku=invalid.sku,
        outcome="dead-lettered",
        reason=invalid.reason,
        received_ms=record.timestamp_ms,
    )
    _outcome(decided, topics, record, outcome)


def _outcome(decided: Decided, topics: Topics, record: LogRecord, outcome: Outcome) -> None:
    decided.outcomes.append(outcome)
    name = topics.name("outcomes")
    key, value = outcome.event_id.encode(), outcome.encode()
    decided.outgoing.append(Outgoing(name, record.partition, key, value, record.traceparent))


class CatalogAgent:
    """The flow around `decide_batch`: one store, one writer and one position per partition."""

    def __init__(
        self,
        kafka: str,
        topics: Topics,
        data: Path,
        identity: str,
        batch_max: int,
        metrics: Metrics,
        faults: Faults,
        tracer: Tracer = NOT_TRACED,
    ) -> None:
        self._kafka = kafka
        self._topics = topics
        self._data = data
        self._identity = identity
        self._batch_max = batch_max
        self._metrics = metrics
        count_from_zero(metrics, "catalog")
        self._faults = faults
        self._tracer = tracer
        self.stores: dict[int, SkuStore] = {}
        self.partitions = Partitions(
            kafka, "catalog", topics.generation, topics.name("catalog"), self._prepare, metrics, faults.step
        )

    async def _prepare(self, partition: int) -> None:
        if partition in self.stores:
            self.stores.pop(partition).close()
        path = self._data / "catalog" / f"{self._topics.generation}-{partition}.sqlite"
        store = await asyncio.to_thread(SkuStore, path, self._identity)
        started = time.monotonic()
        count = await asyncio.to_thread(catch_up, store, self._kafka, partition, self._topics)
        took_s = round(time.monotonic() - started, 2)
        log.info("store is up to date", partition=partition, records=count, took_s=took_s, skus=store.count())
        self.stores[partition] = store

    async def work(self, stream: Any) -> None:
        """The agent: batches in, transactions out. Any error but a bad event stops the worker."""
        try:
            async for batch in batches(stream, self._batch_max, TRANSACTION_EVERY_S, traced=self._tracer.on):
                async with self.partitions.lock:
                    for partition, records in groupby(sorted(batch, key=_by_partition), key=_by_partition):
                        await self._decide(partition, list(records))
        except Exception as error:  # noqa: BLE001
            fail_stop("agents.catalog", error)

    async def _decide(self, partition: int, records: list[LogRecord]) -> None:
        if partition not in self.stores or partition not in self.partitions.next_offsets:
            return  # handed over meanwhile
        fresh = fresh_only(records, self.partitions.next_offsets[partition])
        if not fresh:
            return
        await self.partitions.check_gap(partition, fresh[0].offset)
        store = self.stores[partition]
        trace = BatchTrace(self._tracer, "decide", fresh)
        decided = decide_batch(fresh, store.load, self._topics, self._faults)
        self._metrics.gauge("freshet_batch_records").labels("catalog").set(len(fresh))
        written = await self.partitions.commit(partition, trace.named(decided.outgoing), fresh[-1].offset + 1)
        trace.end()
        self._remember(store, decided, written)
        self._faults.step("catalog.5")
        self._count(decided)

    def _remember(self, store: SkuStore, decided: Decided, written: Sequence[int]) -> None:
        ends: dict[str, int] = {}
        for outgoing, offset in zip(decided.outgoing, written, strict=True):
            ends[outgoing.topic] = offset + 1
        positions = {base: ends[name] for base in ("contents", "offers") if (name := self._topics.name(base)) in ends}
        changes = [Change(base, sku, value, time_ms) for base, sku, value, time_ms in decided.changed]
        store.apply(changes, positions)

    def _count(self, decided: Decided) -> None:
        for outcome in decided.outcomes:
            self._metrics.counter("freshet_events_decided_total").labels(outcome.outcome).inc()
        for reason in decided.reasons:
            self._metrics.counter("freshet_dead_letters_total").labels("catalog", reason).inc()
        self._metrics.counter("freshet_unknown_fields_total").inc(decided.unknown_fields)

    async def purge(self, memory_days: float, clock: Callable[[], float] = time.time) -> None:
        """Forgets deletes older than `memory_days`, for ever: a null record in both topics, every PURGE_EVERY_S."""
        try:
            while True:
                before_ms = int((clock() - memory_days * 86_400) * 1000)
                async with self.partitions.lock:
                    for partition in list(self.partitions.next_offsets):
                        await self._purge(partition, before_ms)
                await asyncio.sleep(PURGE_EVERY_S)
        except Exception as error:  # noqa: BLE001
            fail_stop("purging deletes", error)

    async def _purge(self, partition: int, before_ms: int) -> None:
        while skus := self.stores[partition].deleted_before(before_ms, PURGE_SKUS_MAX):
            bases = ("contents", "offers")
            nulls = [Outgoing(self._topics.name(base), partition, sku.encode(), None) for sku in skus for base in bases]
            await self.partitions.commit(partition, nulls, self.partitions.next_offsets[partition])
            self.stores[partition].apply([Change(base, sku, None, 0) for sku in skus for base in bases], {})
            log.info("deletes forgotten", partition=partition, skus=len(skus))


def catch_up(store: SkuStore, kafka: str, partition: int, topics: Topics) -> int:
    """Brings a store to the end of `contents` and `offers`; returns how many records that took. Blocking."""
    reader = Reader(kafka)
    count = 0
    try:
        for base in ("contents", "offers"):
            name = topics.name(base)
            first, end = reader.begin_end(name, partition)
            for records in reader.read(name, partition, max(store.position(base), first), end):
                store.apply(_changes(base, records), {base: records[-1].offset + 1})
                count += len(records)
            store.apply([], {base: end})
    finally:
        reader.close()
    return count


def _changes(base: str, records: Iterable[Any]) -> Iterable[Change]:
    return (Change(base, record.key.decode(), record.value, record.timestamp_ms) for record in records)


def _by_partition(record: LogRecord) -> int:
    return record.partition
