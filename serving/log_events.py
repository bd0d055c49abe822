"""Single events of `catalog`, read back by their offsets: those that lie close together in one go."""

from collections.abc import Iterable, Iterator
from typing import Final

from schemas.records import EventId
from schemas.topics import topic_name
from serving.history import LogReader
from streams.reader import LogRecord

GAP_MAX: Final = 50
"""Offsets between two wanted events that are rather read than skipped."""


def events_at(reader: LogReader, topic: str, partition: int, offsets: Iterable[int]) -> dict[int, LogRecord]:
    """By offset; what is no longer kept is missing. Blocking. Raises Unavailable."""
    begin, end = reader.begin_end(topic, partition)
    wanted = sorted({offset for offset in offsets if begin <= offset < end})
    found: dict[int, LogRecord] = {}
    for run in _runs(wanted):
        for records in reader.read(topic, partition, run[0], run[-1] + 1):
            found |= {record.offset: record for record in records}
    return {offset: found[offset] for offset in wanted if offset in found}


def event_at(reader: LogReader, generation: int, event_id: EventId) -> LogRecord | None:
    """The event in `catalog` of a generation; None: no longer kept, or not there yet. Blocking. Raises Unavailable."""
    topic = topic_name("catalog", generation)
    begin, end = reader.begin_end(topic, event_id.partition)
    if not begin <= event_id.offset < end:
        return None
    record = reader.record_at(topic, event_id.partition, event_id.offset)
    return record if record is not None and record.offset == event_id.offset else None


def _runs(offsets: list[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for offset in offsets:
        if run and offset - run[-1] > GAP_MAX:
            yield run
            run = []
        run.append(offset)
    if run:
        yield run
