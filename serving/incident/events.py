"""Events of the catalogue that were decided in a span of time, with what each of them wanted. Blocking."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.records import EventId, Outcome
from schemas.topics import topic_name
from serving.history import LogReader
from serving.incident.model import EventLine
from serving.journey.event_said import wanted
from serving.log_events import events_at
from streams.reader import LogRecord


class EventsAsked(NamedTuple):
    """Empty fields ask for all."""

    sku: str = ""
    outcome: str = ""


def is_asked_for(outcome: Outcome, asked: EventsAsked) -> bool:
    return asked.sku in ("", outcome.sku) and asked.outcome in ("", outcome.outcome)


def lines(reader: LogReader, generation: int, found: Sequence[tuple[Outcome, int]]) -> list[EventLine]:
    """Of outcomes with the times at which they were written. Raises Unavailable."""
    topic, originals = topic_name("catalog", generation), dict[EventId, LogRecord]()
    ids = [EventId.parse(outcome.event_id) for outcome, _ in found]
    for partition in sorted({one.partition for one in ids}):
        offsets = [one.offset for one in ids if one.partition == partition and one.generation == generation]
        for offset, record in events_at(reader, topic, partition, offsets).items():
            originals[EventId(generation, partition, offset)] = record
    return [
        _line(outcome, at_ms, originals.get(event_id)) for event_id, (outcome, at_ms) in zip(ids, found, strict=True)
    ]


def _line(outcome: Outcome, at_ms: int, original: LogRecord | None) -> EventLine:
    wants = wanted(original)
    return EventLine(
        id=outcome.event_id,
        sku=outcome.sku,
        type=wants.kind,
        fields=wants.fields,
        outcome=outcome.outcome,
        reason=outcome.reason,
        received_ms=outcome.received_ms,
        decided_ms=at_ms,
    )
