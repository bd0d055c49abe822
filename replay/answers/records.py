"""Finds answers in the served log."""

from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from agents.topics import Topics
from replay.log import Log
from schemas.errors import InvalidEvent, InvalidRequest
from schemas.records import decode
from schemas.served import Served
from streams.partitioner import partition_of

SERVED: Final = "served"


class Span(NamedTuple):
    """Of time, ms since 1970; None: open."""

    begin_ms: int | None = None
    end_ms: int | None = None


def bounds(log: Log, name: str, partition: int, span: Span) -> tuple[int, int]:
    """Offsets of what came in the span: its end is that of the log now, at most."""
    begin, end = log.begin_end(name, partition)
    if span.begin_ms is not None:
        begin = max(begin, log.offset_at(name, partition, span.begin_ms))
    if span.end_ms is not None:
        end = min(end, log.offset_at(name, partition, span.end_ms))
    return begin, end


def find(log: Log, topics: Topics, request_id: str, span: Span = Span()) -> Served:  # noqa: B008  frozen
    """The record of one answer. Raises InvalidRequest("no_answer") where the log has none."""
    partition = partition_of(request_id.encode(), topics.partitions)
    for key, value in _values(log, topics, partition, span):
        if key == request_id.encode():
            return decode(Served, value)
    raise InvalidRequest(
        "no_answer",
        f"the served log has no answer {request_id!r}",
        hint="answers are kept for 7 days; the id is the `request_id` of the answer, and its header X-Request-Id",
    )


def within(log: Log, topics: Topics, span: Span) -> Iterator[Served]:
    """All answers of a span of time, partition by partition; what cannot be read is left out."""
    for partition in range(topics.partitions):
        for _, value in _values(log, topics, partition, span):
            try:
                yield decode(Served, value)
            except InvalidEvent:
                continue


def _values(log: Log, topics: Topics, partition: int, span: Span) -> Iterator[tuple[bytes, bytes]]:
    name = topics.name(SERVED)
    begin, end = bounds(log, name, partition, span)
    for record in chain.from_iterable(log.read(name, partition, begin, end)):
        if record.value is not None:
            yield record.key or b"", record.value
