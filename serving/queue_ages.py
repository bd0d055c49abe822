"""How long the oldest record has waited that a step has not done yet."""

from collections.abc import Sequence

from schemas.topics import topic_name
from serving.history import History, LogReader
from serving.lags import Span

READS_MAX = 32
"""Records read for one answer, one for each partition of a topic."""
TIMEOUT_S = 2.0
REMEMBERED_MS = 60_000
"""What was asked longer ago tells nothing of the records of now."""


class QueueAges:
    """Who is asked every few seconds reads no record of what came since: where all goes on, the log is not read."""

    def __init__(self, history: History, generation: int) -> None:
        self._history = history
        self._generation = generation
        self._asked_ms = 0
        self._ends: dict[tuple[str, int], int] = {}
        """Of then, by topic and partition."""

    async def of(self, waiting: Sequence[Span], now_ms: int) -> dict[tuple[str, int], float]:
        """Seconds by topic and partition; 0 for what came since it was asked before. Raises Unavailable, Overloaded."""
        knows = now_ms - self._asked_ms <= REMEMBERED_MS
        ends = {span[:2]: min(span[3], self._ends.get(span[:2], 0)) if knows else span[3] for span in waiting}
        old = [span for span in waiting if span[2] < ends[span[:2]]][:READS_MAX]
        came_ms: dict[tuple[str, int], int] = {}
        if old:
            came_ms = await self._history.ask(lambda reader: appended(reader, self._generation, old), TIMEOUT_S)
        self._ends, self._asked_ms = {span[:2]: span[3] for span in waiting}, now_ms
        return {
            (topic, partition): max(0, now_ms - came_ms.get((topic, partition), now_ms)) / 1000
            for topic, partition, _, _ in waiting
        }


def appended(reader: LogReader, generation: int, waiting: Sequence[Span]) -> dict[tuple[str, int], int]:
    """When the first record of each span came into the log, ms since 1970; none for a span without records. Blocking.

    Raises Unavailable.
    """
    found = {}
    for topic, partition, done, end in waiting:
        first = reader.record_at(topic_name(topic, generation), partition, done)
        if first is not None and first.offset < end:
            found[topic, partition] = first.timestamp_ms
    return found
