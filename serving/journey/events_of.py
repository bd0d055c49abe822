"""Finds what became of the last events of one SKU: in `outcomes`, from the end backwards, and in `catalog` after it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from schemas.records import EventId, Outcome
from schemas.topics import topic_name
from serving.history import LogReader
from serving.lags import LogEnds, read_ends
from serving.log_events import event_at
from serving.outcomes import Decided, folded, read_outcome
from serving.stuck.waiting import before_step
from streams.reader import LogRecord

SCANNED_MAX: Final = 100_000
"""Outcomes looked through for one SKU, about half a second of one core."""
STRETCH_FIRST, STRETCH_MAX = 5_000, 25_000
"""Read in one go, newest stretch first; what is older in larger ones: each takes a tenth of a second to begin."""
UNDECIDED_MAX: Final = 5_000
"""Events looked through that were not decided yet."""
UNREADABLE_MAX: Final = 50
"""Dead letters without a SKU whose event is looked up: its key may be the SKU."""


@dataclass(frozen=True)
class SkuEvent:
    """One event, as far as it has come."""

    event_id: EventId
    record: LogRecord | None
    """As it stands in `catalog`; None: no longer kept."""
    decided: Decided | None
    """None: it waits for its decision."""


@dataclass(frozen=True)
class SkuEvents:
    events: list[SkuEvent]
    """Newest first."""
    complete: bool
    """False: there may be older ones among outcomes that were not looked through."""
    ends: LogEnds
    """How far each step is, taken before the events."""
    embedding: EventId | None = None
    """The event whose text waits for the encoder."""


def events_of(
    reader: LogReader,
    generation: int,
    partitions: int,
    partition: int,
    sku: str,
    limit: int,
    scanned_max: int = SCANNED_MAX,
) -> SkuEvents:
    """At most `limit` of them. Blocking. Raises Unavailable."""
    ends = read_ends(reader, generation, partitions)[partition]
    catalog, low = topic_name("catalog", generation), ends.catalog_done
    waiting = [
        SkuEvent(EventId(generation, partition, record.offset), record, None)
        for record in _records(reader, catalog, partition, low, min(ends.catalog, low + UNDECIDED_MAX))
        if record.key == sku.encode()
    ]
    found, complete = _decided(reader, generation, partition, sku, limit, scanned_max)
    events = [SkuEvent(event_id, event_at(reader, generation, event_id), one) for event_id, one in found.items()]
    known = {one.event_id: one for one in [*waiting, *events]}
    newest_first = sorted(known.values(), key=lambda one: one.event_id, reverse=True)
    return SkuEvents(newest_first[:limit], complete, ends, _embedding(reader, generation, partition, sku, ends))


def _embedding(reader: LogReader, generation: int, partition: int, sku: str, ends: LogEnds) -> EventId | None:
    topic = topic_name("contents", generation)
    before = before_step(reader, topic, generation, partition, ends.contents_done, ends.contents, UNDECIDED_MAX)
    found = before.products.get(sku)
    return found.event if found else None


def _decided(
    reader: LogReader, generation: int, partition: int, sku: str, limit: int, scanned_max: int
) -> tuple[dict[EventId, Decided], bool]:
    """By event; whether all outcomes that are kept were looked through."""
    topic = topic_name("outcomes", generation)
    begin, end = reader.begin_end(topic, partition)
    mine, nobodys = b'"sku":' + orjson.dumps(sku), b'"sku":""'
    found: dict[EventId, list[tuple[Outcome, int]]] = {}
    high, unreadable, stretch = end, UNREADABLE_MAX, STRETCH_FIRST
    while high > begin and end - high < scanned_max and len(found) < limit:
        low, stretch = max(begin, high - stretch), STRETCH_MAX
        for record in reversed(list(_records(reader, topic, partition, low, high))):
            value = record.value or b""
            if mine in value or (nobodys in value and unreadable > 0):
                outcome = read_outcome(value)
                if outcome is None:
                    continue
                event_id = EventId.parse(outcome.event_id)
                if not outcome.sku:
                    unreadable -= 1
                    event = event_at(reader, generation, event_id)
                    if event is None or event.key != sku.encode():
                        continue
                found.setdefault(event_id, []).append((outcome, record.timestamp_ms))
        high = low
    return {event_id: _folded(reversed(told)) for event_id, told in found.items()}, high <= begin


def _folded(told: Iterable[tuple[Outcome, int]]) -> Decided:
    """`told`: all that the log says of one event, oldest first; at least one."""
    (first, at_ms), *later = told
    decided = folded(None, first, at_ms)
    for outcome, at_ms in later:
        decided = folded(decided, outcome, at_ms)
    return decided


def _records(reader: LogReader, topic: str, partition: int, low: int, high: int) -> Iterator[LogRecord]:
    if low < high:
        for records in reader.read(topic, partition, low, high):
            yield from records
