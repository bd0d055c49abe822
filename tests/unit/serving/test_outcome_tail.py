"""The tail feeds the cache, tells history from live, and comes back after an error."""

import asyncio

from schemas.errors import Unavailable
from schemas.records import EventId
from serving.outcome_tail import OpenTail, following
from serving.outcomes import RATE_WINDOW_S, OutcomeCache
from streams.reader import LogRecord
from tests.unit.serving.fakes import Clock, Lines, outcome
from tests.waiting import LIMIT_S


class FakeTail:
    def __init__(self, batches: list[list[LogRecord] | Exception]) -> None:
        self.batches = batches
        self.closed = False

    def poll(self, timeout_s: float) -> list[LogRecord]:
        if not self.batches:
            return []
        batch = self.batches.pop(0)
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self) -> None:
        self.closed = True


def record(offset: int) -> LogRecord:
    return LogRecord("outcomes", 0, offset, b"", outcome(f"1-0-{offset}").encode(), 0)


async def test_it_goes_on_after_an_error_and_counts_only_what_is_live() -> None:
    broken = FakeTail([[record(0)], Unavailable("Kafka is away")])
    good = FakeTail([[record(1), record(2), record(3)]])
    opening, lines, cache = [broken, good], Lines(), OutcomeCache(Clock())
    async with following(lambda: OpenTail(opening.pop(0), {0: 2}), cache, lines):
        async with asyncio.timeout(LIMIT_S):
            while cache.get(EventId(1, 0, 3)) is None:
                await asyncio.sleep(0.01)
    assert cache.get(EventId(1, 0, 0)) is not None
    assert cache.per_second() == 2 / RATE_WINDOW_S
    assert [event for _, event, _ in lines.lines] == ["topic_not_followed"]
    assert broken.closed and good.closed
