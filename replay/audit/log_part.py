"""One partition of a topic, record by record, up to what was committed when the audit began its round."""

from collections.abc import Iterator
from itertools import chain

from replay.log import Log
from streams.reader import LogRecord


class LogPart:
    """Its records in order. What was taken too early can be put back."""

    def __init__(self, log: Log, topic: str, partition: int, offset: int) -> None:
        self._log = log
        self._topic = topic
        self._partition = partition
        self._records: Iterator[LogRecord] = iter(())
        self._held: LogRecord | None = None
        self.begin = self._end = offset

    def extend(self, end: int) -> None:
        """Records before `end` are there to be taken. Call it when all that were there have been."""
        if end > self._end:
            batches = self._log.read(self._topic, self._partition, self._end, end)
            self._records = chain.from_iterable(batches)
            self._end = end

    def take(self) -> LogRecord | None:
        """None at the end."""
        if self._held is not None:
            held, self._held = self._held, None
            return held
        return next(self._records, None)

    def put_back(self, record: LogRecord) -> None:
        self._held = record
