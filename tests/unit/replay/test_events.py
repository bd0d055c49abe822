"""Events again: which, in what order, when each is due, and what they are never written into."""

import asyncio
from typing import Any

import pytest

from replay.answers.records import Span
from replay.events import UNDER_WAY_MAX, Part, Seen, as_they_came, at_rate, check, events, parts_of, seen, send
from schemas.errors import InvalidRequest, StateRefused, Unavailable
from streams.memory import MemoryLog
from streams.producer import Position
from streams.reader import LogRecord
from streams.topics import Place

PARTITIONS, FIRST_MS = 2, 1_700_000_000_000
HERE, OTHER = Place("here", PARTITIONS), Place("other", PARTITIONS)


@pytest.fixture
async def log() -> MemoryLog:
    """Nine events of three products, a millisecond apart."""
    made = MemoryLog(PARTITIONS)
    for number in range(9):
        await made.send("catalog", f"sku-{number % 3}".encode(), f"event {number}".encode())
    return made


def held(log: MemoryLog, topic: str = "catalog", span: Span = Span()) -> list[LogRecord]:  # noqa: B008  frozen
    return list(events(lambda: log, topic, parts_of(log, topic, PARTITIONS, span)))


async def test_a_span_of_all_partitions_comes_in_the_order_of_time(log: MemoryLog) -> None:
    found = held(log, span=Span(FIRST_MS + 2, FIRST_MS + 7))
    assert [one.value for one in found] == [f"event {number}".encode() for number in range(2, 7)]
    assert len({one.partition for one in found}) == 2
    assert seen(found) == Seen(5, 35, FIRST_MS + 2, FIRST_MS + 6, 3)
    assert seen([]) == Seen(0, 0, 0, 0, 0)


async def test_they_are_written_as_they_were_and_what_is_written_is_not_read_again(log: MemoryLog) -> None:
    parts = parts_of(log, "catalog", PARTITIONS, Span())
    told = await send(events(lambda: log, "catalog", parts), log, "catalog.2", at_rate(1e9), lambda: 0.0)
    assert told["sent"] == 9
    assert [(one.key, one.value) for one in held(log, "catalog.2")] == [(one.key, one.value) for one in held(log)]
    again = await send(events(lambda: log, "catalog", parts), log, "catalog", at_rate(1e9), lambda: 0.0)
    assert again["sent"] == 9 and len(held(log)) == 18
    assert parts == [Part(at, 0, part.end) for at, part in enumerate(parts)]


async def test_each_is_due_at_a_rate_or_as_it_came(log: MemoryLog) -> None:
    found = held(log)
    assert [at_rate(4.0)(number, one) for number, one in enumerate(found)] == [number / 4 for number in range(9)]
    assert as_they_came(FIRST_MS)(5, found[5]) == 0.005
    log.send("later", b"sku", b"")  # so that its time is not that of the first
    waits = [as_they_came(found[0].timestamp_ms)(0, one) for one in found]
    assert waits == sorted(waits) and waits[0] == 0


class Fails:
    """Kafka that takes so many events, and nothing after them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.under_way = 0

    def send(self, *event: Any, **more: Any) -> "asyncio.Future[Position]":
        future: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        if self._most > 0:
            future.set_result(Position(0, 0, 0))
        else:
            future.set_exception(Unavailable("it is away"))
        self._most -= 1
        return future

    async def close(self) -> None:
        """Nothing to wait for."""


@pytest.mark.parametrize("most", [0, 3, 8])
async def test_when_kafka_goes_away_it_is_said_how_many_it_has(log: MemoryLog, most: int) -> None:
    with pytest.raises(Unavailable, match=f"^{most} events are in catalog.2 for sure, then: it is away"):
        await send(held(log), Fails(most), "catalog.2", at_rate(1e9), lambda: 0.0)


class Slow:
    """Kafka that acknowledges nothing until so many wait."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[Position]] = []
        self.most = 0

    def send(self, *event: Any, **more: Any) -> "asyncio.Future[Position]":
        self.waiting.append(asyncio.get_running_loop().create_future())
        self.most = max(self.most, len(self.waiting))
        return self.waiting[-1]

    def acknowledge(self) -> None:
        for future in self.waiting:
            future.set_result(Position(0, 0, 0))
        self.waiting.clear()

    async def close(self) -> None:
        """Nothing to wait for."""


@pytest.mark.parametrize(("count", "most"), [(UNDER_WAY_MAX, UNDER_WAY_MAX), (UNDER_WAY_MAX + 1, UNDER_WAY_MAX)])
async def test_no_more_than_so_many_are_under_way(log: MemoryLog, count: int, most: int) -> None:
    slow = Slow()
    sending = asyncio.create_task(send([held(log)[0]] * count, slow, "catalog.2", at_rate(1e9), lambda: 1e9))
    while len(slow.waiting) < most:
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    assert slow.most == most
    while not sending.done():
        slow.acknowledge()
        await asyncio.sleep(0)
    assert (await sending)["sent"] == count


def test_live_topics_and_those_that_agents_write_are_refused() -> None:
    check("catalog.2", HERE, HERE, 1, False)
    check("catalog", OTHER, HERE, 1, False)
    check("catalog", HERE, HERE, 1, True)
    check("an-incident", HERE, HERE, 1, False)
    with pytest.raises(StateRefused, match="the running shop reads"):
        check("catalog", HERE, HERE, 1, False)
    with pytest.raises(StateRefused, match="the running shop reads"):
        check("catalog.2", HERE, HERE, 2, False)
    with pytest.raises(StateRefused, match="there is no topic"):
        check("catalog.9", Place("here", 0), HERE, 1, True)
    for topic in ("offers", "documents.2"):
        with pytest.raises(InvalidRequest, match="not events"):
            check(topic, HERE, HERE, 1, True)
