"""A moment of the log, as people say it: offsets of one partition, or a time; and which state of a partition it is."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from index_snapshots.protocol import Offsets, Topic
from replay.log import Log
from replay.shards.rebuilt import TOPICS
from schemas.errors import InvalidRequest

WRITTEN = re.compile(r"(\d+)(?:,(\d+))?")


class Moment(NamedTuple):
    """Either offsets, or a time."""

    documents: int | None = None
    """The state before this offset; None: it is a time."""
    offers: int | None = None
    """None: those that were there when the last of the documents came."""
    time_ms: int = 0
    """Since 1970."""

    def of(self, log: Log, names: Mapping[Topic, str], partition: int) -> Offsets:
        """Raises InvalidRequest beyond the end of the log."""
        if self.documents is None:
            return offsets_at(log, names, partition, self.time_ms)
        return offsets_of(log, names, partition, self.documents, self.offers)


def written_offsets(text: str) -> Moment | None:
    """`DOCUMENTS` or `DOCUMENTS,OFFERS`; None: it is something else."""
    found = WRITTEN.fullmatch(text.strip())
    return found and Moment(int(found[1]), None if found[2] is None else int(found[2]))


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
