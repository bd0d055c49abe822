"""What a worker takes from its stream: all that has come, each record once."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from agents.worker import batches, fresh_only
from streams.reader import LogRecord


def records(*offsets: int) -> list[LogRecord]:
    return [LogRecord("catalog", 0, offset, b"k", b"v", 1) for offset in offsets]


@pytest.mark.parametrize(
    ("came", "next_offset", "fresh"),
    [
        ([4, 5, 6], 4, [4, 5, 6]),
        ([4, 5, 6], 5, [5, 6]),
        ([4, 5], 6, []),
        ([4, 4, 5, 5], 4, [4, 5]),
        ([4, 5, 6, 4, 5, 6, 7], 4, [4, 5, 6, 7]),
        ([6, 5, 7], 4, [6, 7]),
        ([9], 4, [9]),
        ([], 4, []),
    ],
)
def test_each_record_is_fresh_once_and_in_order(came: list[int], next_offset: int, fresh: list[int]) -> None:
    assert [record.offset for record in fresh_only(records(*came), next_offset)] == fresh


class Stream:
    """Stands for Faust's: `waiting` are the offsets that have already come."""

    def __init__(self, waiting: int) -> None:
        self.acked: list[int] = []
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.channel = SimpleNamespace(queue=self.queue)
        for offset in range(waiting):
            self.queue.put_nowait(offset)

    def noack(self) -> "Stream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        while not self.queue.empty():
            offset = self.queue.get_nowait()
            message = SimpleNamespace(
                topic="catalog", partition=0, offset=offset, key=b"k", value=b"v", timestamp=1.5 + offset
            )
            yield SimpleNamespace(message=message, ack=lambda offset=offset: self.acked.append(offset))


@pytest.mark.parametrize(("waiting", "sizes"), [(0, []), (1, [1]), (4, [4]), (5, [4, 1]), (9, [4, 4, 1])])
async def test_a_batch_is_what_has_come_and_never_more_than_the_limit(waiting: int, sizes: list[int]) -> None:
    stream = Stream(waiting)
    found = [batch async for batch in batches(stream, 4)]
    assert [len(batch) for batch in found] == sizes
    taken = [record for batch in found for record in batch]
    assert [record.offset for record in taken] == stream.acked == list(range(waiting))
    assert [record.timestamp_ms for record in taken] == [1_500 + 1_000 * offset for offset in range(waiting)]


async def test_a_batch_that_comes_soon_after_another_takes_what_comes_meanwhile() -> None:
    stream = Stream(1)
    found = []
    async for batch in batches(stream, 4, 0.001, clock=lambda: 0.0):  # always too soon
        found.append([record.offset for record in batch])
        if len(found) == 1:
            stream.queue.put_nowait(1)
            asyncio.get_running_loop().call_soon(stream.queue.put_nowait, 2)
    assert found == [[0], [1, 2]]


async def test_a_batch_waits_for_nothing_when_it_is_full_or_the_first() -> None:
    stream = Stream(8)
    assert [len(batch) async for batch in batches(stream, 4, 1e6)] == [4, 4]
    assert [len(batch) async for batch in batches(Stream(1), 4, 1e6)] == [1]
