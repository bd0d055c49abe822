"""How many records each step is behind the log, from the ends of the topics and what the workers have done."""

from collections.abc import Mapping, Set
from typing import NamedTuple

from pydantic import BaseModel

from schemas.hits import ShardState
from schemas.topics import topic_name
from serving.history import LogReader

MARKER_RECORDS = 1
"""The last offset of a transactional topic is the transaction's marker, never a record."""
ABORTED_RECORDS_MAX = 5_000
"""A lag up to this that stands still may be an aborted transaction: then there is nothing to read in it."""


class PartitionLag(BaseModel):
    """Records each step is behind; null when its process does not tell."""

    partition: int
    catalog_lag: int
    contents_lag: int
    documents_lag: int | None
    offers_lag: int | None
    clicks_lag: int


class LogEnds(NamedTuple):
    """One partition: last stable offsets, and what the consumer groups have committed."""

    catalog: int
    catalog_done: int
    contents: int
    contents_done: int
    documents: int
    offers: int
    clicks_behind: int


def read_ends(reader: LogReader, generation: int, partitions: int) -> list[LogEnds]:
    """All partitions. Blocking. Raises Unavailable."""
    names = {base: topic_name(base, generation) for base in ("catalog", "contents", "documents", "offers", "clicks")}
    every = list(range(partitions))
    decided = reader.committed(f"freshet-catalog-{generation}", names["catalog"], every)
    embedded = reader.committed(f"freshet-embed-{generation}", names["contents"], every)
    counted = reader.committed(f"freshet-session-{generation}", names["clicks"], every)
    ends = []
    for partition in every:
        catalog_begin, catalog = reader.begin_end(names["catalog"], partition)
        contents_begin, contents = reader.begin_end(names["contents"], partition)
        clicks_begin, clicks = reader.begin_end(names["clicks"], partition)
        ends.append(
            LogEnds(
                catalog,
                max(decided[partition], catalog_begin),
                contents,
                max(embedded[partition], contents_begin),
                reader.begin_end(names["documents"], partition)[1],
                reader.begin_end(names["offers"], partition)[1],
                max(0, clicks - max(counted[partition], clicks_begin)),
            )
        )
    return ends


Span = tuple[str, int, int, int]
"""Topic, partition, and the offsets from the first that is not done to the end of the log."""


def spans(ends: list[LogEnds], states: Mapping[tuple[int, int], ShardState]) -> list[Span]:
    """What is not done yet on the transactional topics; of several replicas the one furthest behind counts."""
    found = []
    for partition, end in enumerate(ends):
        replicas = [state for (where, _), state in states.items() if where == partition]
        found.append(("contents", partition, end.contents_done, end.contents))
        if replicas:
            found.append(("documents", partition, min(s.documents_offset for s in replicas), end.documents))
            found.append(("offers", partition, min(s.offers_offset for s in replicas), end.offers))
    return found


def lags(ends: list[LogEnds], open_spans: list[Span], empty: Set[Span]) -> list[PartitionLag]:
    """Records behind per step; a span in `empty` holds no record that will ever be read."""
    behind = {
        (base, partition): 0 if (base, partition, done, end) in empty or end - done <= MARKER_RECORDS else end - done
        for base, partition, done, end in open_spans
    }
    return [
        PartitionLag(
            partition=partition,
            catalog_lag=max(0, end.catalog - end.catalog_done),
            contents_lag=behind[("contents", partition)],
            documents_lag=behind.get(("documents", partition)),
            offers_lag=behind.get(("offers", partition)),
            clicks_lag=end.clicks_behind,
        )
        for partition, end in enumerate(ends)
    ]


def empty_spans(reader: LogReader, generation: int, standing: list[Span]) -> set[Span]:
    """Those of the spans that hold nothing but markers and aborted records. Blocking. Raises Unavailable."""
    found = set()
    for base, partition, done, end in standing:
        first = reader.record_at(topic_name(base, generation), partition, done)
        if first is None or first.offset >= end:
            found.add((base, partition, done, end))
    return found


def may_be_aborted(span: Span) -> bool:
    return MARKER_RECORDS < span[3] - span[2] <= ABORTED_RECORDS_MAX
