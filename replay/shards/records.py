"""One topic of one partition as a shard reads it, record by record, forward."""

from collections.abc import Iterator

from index_snapshots.apply import read
from index_snapshots.protocol import ShardRecord, Topic
from replay.audit.log_part import LogPart
from replay.log import Log


class Records:
    """Opens the log once, however many stops there are on the way."""

    def __init__(self, log: Log, topic: Topic, name: str, partition: int, offset: int) -> None:
        self._part = LogPart(log, name, partition, offset)
        self._topic = topic

    def extend(self, end: int) -> None:
        """Records before `end` can be taken. Call it when all before have been."""
        self._part.extend(end)

    def before(self, offset: int) -> Iterator[ShardRecord]:
        """The next ones up to there. Raises what reading the log raises."""
        while (record := self._part.take()) is not None:
            if record.offset >= offset:
                self._part.put_back(record)
                return
            yield read(self._topic, record.offset, record.key, record.value, record.timestamp_ms)
