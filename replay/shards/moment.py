"""Reads `--at`: which offsets of one partition a moment is."""

from collections.abc import Mapping

from index_snapshots.protocol import Offsets, Topic
from replay.log import Log
from replay.shards.rebuilt import TOPICS
from schemas.errors import InvalidRequest


def offsets_at(log: Log, names: Mapping[Topic, str], partition: int, time_ms: int) -> Offsets:
    """What was in the log by then (LogAppendTime)."""
    documents, offers = (log.offset_at(names[topic], partition, time_ms) for topic in ("documents", "offers"))
    return Offsets(documents, offers)


def offsets_of(log: Log, names: Mapping[Topic, str], partition: int, documents: int, offers: int | None) -> Offsets:
    """The state before that offset of `documents`; without `offers`: with the offers that were there when its last
    document came. Raises InvalidRequest beyond the end of the log."""
    for topic, offset in zip(TOPICS, (documents, offers or 0), strict=True):
        end = log.begin_end(names[topic], partition)[1]
        if offset > end:
            raise InvalidRequest("beyond_the_log", f"{topic} of partition {partition} end at {end:,}, not {offset:,}")
    if offers is not None:
        return Offsets(documents, offers)
    begin = log.begin_end(names["documents"], partition)[0]
    last_ms = 0
    for records in log.read(names["documents"], partition, max(begin, documents - 1), documents):
        last_ms = records[-1].timestamp_ms
    return Offsets(documents, log.offset_at(names["offers"], partition, last_ms + 1))
