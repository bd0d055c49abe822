"""Bounded reads of a span of the log: samples of its parts, and its records one after the other. Blocking."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from schemas.errors import InvalidRequest, StateRefused
from serving.history import LogReader
from streams.reader import LogRecord

AHEAD_BYTES: Final = 512 << 10
"""What Kafka's client fetches beyond a sample is thrown away: a hundred times as much took a gigabyte for a page."""
STRETCH_FIRST: Final = 64
STRETCH: Final = 500
"""Records read in one go."""
WHOLE_MAX: Final = 3_000
"""So many are rather read than skipped."""


class Offsets(NamedTuple):
    """Of one partition, from `begin` to before `end`."""

    begin: int
    end: int


def edges(reader: LogReader, topic: str, partitions: int, times_ms: Sequence[int]) -> list[list[Offsets]]:
    """Between each two of the times, in order: where the records lie, by partition. Raises Unavailable."""
    at = [[reader.offset_at(topic, partition, time_ms) for partition in range(partitions)] for time_ms in times_ms]
    return [list(map(Offsets, begin, end)) for begin, end in pairwise(at)]


class Sample(NamedTuple):
    records: list[LogRecord]
    offsets: int
    """So many were looked at: fewer records where some of them are markers, or gone."""


def samples(reader: LogReader, topic: str, parts: Sequence[Sequence[Offsets]], records_max: int) -> list[Sample]:
    """Of each part at most so many offsets, the same number of each partition, from the middle. Raises Unavailable."""
    each = max(1, records_max // max(1, len(parts[0])))
    looked_at = [[_middle(span, each) for span in part] for part in parts]
    found = [list[LogRecord]() for _ in parts]
    for partition in range(len(parts[0])):
        for records, part in zip(
            _read_all(reader, topic, partition, [one[partition] for one in looked_at]), found, strict=True
        ):
            part += records
    return [Sample(records, count(spans)) for records, spans in zip(found, looked_at, strict=True)]


def _middle(span: Offsets, each: int) -> Offsets:
    begin = span.begin + max(0, span.end - span.begin - each) // 2
    return Offsets(begin, min(span.end, begin + each))


def _read_all(reader: LogReader, topic: str, partition: int, spans: Sequence[Offsets]) -> Iterator[list[LogRecord]]:
    """Those of each span. Spans that lie close together are read in one go: each read of its own waits for Kafka."""
    whole = Offsets(spans[0].begin, spans[-1].end)
    if count([whole]) > WHOLE_MAX:
        yield from (read(reader, topic, partition, span) for span in spans)
        return
    records = read(reader, topic, partition, whole)
    for begin, end in spans:
        yield [one for one in records if begin <= one.offset < end]


def count(spans: Iterable[Offsets]) -> int:
    return sum(max(0, end - begin) for begin, end in spans)


def read(reader: LogReader, topic: str, partition: int, span: Offsets) -> list[LogRecord]:
    """All of a short span that is still kept."""
    if span.begin >= span.end:
        return []
    try:  # one more than there are: it ends without a wait
        batches = reader.read(topic, partition, span.begin, span.end, count([span]) + 1)
        return [record for batch in batches for record in batch]
    except StateRefused:  # its oldest have just gone
        return []


class InOrder:
    """Records of several partitions by their times. `after`: what an earlier one gave as `next`."""

    def __init__(self, reader: LogReader, topic: str, spans: Sequence[Offsets], after: str = "") -> None:
        self._reader = reader
        self._topic = topic
        self._spans = [
            Offsets(max(span.begin, at), span.end) for span, at in zip(spans, _parsed(after, spans), strict=True)
        ]
        self._next = [span.begin for span in self._spans]

    @property
    def next(self) -> str | None:
        """Where the rest begins; None: there is none."""
        if all(at >= span.end for at, span in zip(self._next, self._spans, strict=True)):
            return None
        return ",".join(map(str, self._next))

    def __iter__(self) -> Iterator[LogRecord]:
        each = [self._of(partition) for partition in range(len(self._spans))]
        for record in heapq.merge(*each, key=lambda one: (one.timestamp_ms, one.partition)):
            self._next[record.partition] = record.offset + 1
            yield record
        self._next = [span.end for span in self._spans]

    def _of(self, partition: int) -> Iterator[LogRecord]:
        """A stretch is read whole before the next partition is: the reader knows one at a time."""
        (begin, end), stretch = self._spans[partition], STRETCH_FIRST
        while begin < end:
            upto = min(end, begin + stretch)
            yield from read(self._reader, self._topic, partition, Offsets(begin, upto))
            begin, stretch = upto, STRETCH


def _parsed(after: str, spans: Sequence[Offsets]) -> list[int]:
    if not after:
        return [span.begin for span in spans]
    parts = after.split(",")
    if len(parts) != len(spans) or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        raise InvalidRequest("invalid_request", f"after {after[:50]!r} is not what `next` of an answer said")
    return list(map(int, parts))
