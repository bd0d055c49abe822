"""Finds the outcome of an older event in the log: a binary search, since outcomes follow the order of the events."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import NamedTuple, Protocol

from schemas.errors import InvalidEvent
from schemas.records import EventId, Outcome, decode
from serving.outcomes import Decided, folded
from streams.reader import LogRecord

OUTCOME_SCAN_MAX = 20_000
"""Records read after the decision, in search of a correction by the encoder."""
PROBE_RECORDS = 100
SPAN_MIN = 500
"""A range this small is read through instead of halved again."""


class OutcomeLog(Protocol):
    """The reader of `streams`, as far as it is needed here. Blocking."""

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]: ...

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]: ...


class Looked(NamedTuple):
    decided: Decided | None
    complete: bool
    """False when the search for a correction ended at OUTCOME_SCAN_MAX records."""


def outcome_of(reader: OutcomeLog, topic: str, event_id: EventId, scan_max: int = OUTCOME_SCAN_MAX) -> Looked:
    """The folded outcome of an event; None when it is not decided yet or its outcome is no longer kept.

    Within a partition the outcomes by `catalog` stand in the order of the events' offsets; corrections by `embed` and
    transaction markers lie between them. Blocking. Raises Unavailable.
    """
    begin, end = reader.begin_end(topic, event_id.partition)
    low, high = begin, end
    while high - low > SPAN_MIN:
        middle = (low + high) // 2
        at, offset = _first_decision(reader, topic, event_id.partition, middle, high)
        if offset is None or offset > event_id.offset:
            high = middle
        elif offset < event_id.offset:
            low = at + 1
        else:
            low, high = at, at + 1
    return _read_through(reader, topic, event_id, low, high, end, scan_max)


def _first_decision(reader: OutcomeLog, topic: str, partition: int, start: int, end: int) -> tuple[int, int | None]:
    """The first outcome by `catalog` in the range: its offset and its event's; (end, None) if there is none."""
    with closing(_outcomes(reader, topic, partition, start, end, PROBE_RECORDS)) as found:
        for record, outcome in found:
            if outcome.by == "catalog":
                return record.offset, EventId.parse(outcome.event_id).offset
    return end, None


def _read_through(
    reader: OutcomeLog, topic: str, event_id: EventId, low: int, high: int, end: int, scan_max: int
) -> Looked:
    decided: Decided | None = None
    name, read = str(event_id), 0
    with closing(_outcomes(reader, topic, event_id.partition, low, end, 1000)) as found:
        for record, outcome in found:
            if outcome.event_id == name:
                decided = folded(decided, outcome, record.timestamp_ms)
                if decided.corrected_ms is not None or not may_be_corrected(decided.outcome):
                    return Looked(decided, True)
            read += decided is not None
            if read > scan_max:
                return Looked(decided, False)
            if decided is None and record.offset >= high and outcome.by == "catalog":
                return Looked(None, True)
    return Looked(decided, True)


def may_be_corrected(outcome: Outcome) -> bool:
    """Only what went to the encoder can still be dead-lettered by it."""
    return outcome.outcome == "indexed" and outcome.content_changed


def _outcomes(
    reader: OutcomeLog, topic: str, partition: int, start: int, end: int, batch: int
) -> Generator[tuple[LogRecord, Outcome], None, None]:
    batches = reader.read(topic, partition, start, end, batch)
    for records in batches:
        for record in records:
            try:
                outcome = decode(Outcome, record.value or b"")
                EventId.parse(outcome.event_id)
            except (InvalidEvent, ValueError):
                continue
            yield record, outcome
