"""What the feed is told of the shop: freshness while somebody listens, processes when they change and now and then."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from schemas.errors import Unavailable
from serving.bulletin import PROCESSES_EVERY_S, UNHEARD_EVERY_S, Bulletin
from serving.feed import Listener
from serving.freshness import KEPT_S
from serving.processes import ProcessWatch
from serving.readiness import Readiness, readiness
from streams.reader import LogRecord
from tests.unit.serving.fakes import Clock, FakeReader, FakeShard, Tier, outcome


class Told:
    """A bulletin over a tier of fakes."""

    def __init__(self, tier: Tier, clock: Clock) -> None:
        wiring = tier.wiring
        self.feed, self.clock = wiring.feed, clock
        self.processes = ProcessWatch(["kafka", "redis", "serving"], lambda: 0, lambda: self.bulletin.tell_processes())

        def ready() -> Readiness:
            return readiness(wiring.shards, wiring.watch, wiring.vectors, wiring.freshness)

        self.bulletin = Bulletin(
            wiring.feed, wiring.changes, wiring.freshness, self.processes, wiring.hints, ready, lambda: 7, "1", clock
        )

    @contextmanager
    def listening(self) -> Iterator[list[tuple[str, Any]]]:
        """What is told in the block, filled in at its end."""
        found: list[tuple[str, Any]] = []
        with self.feed.listening() as listener:
            waiting(listener)
            yield found
            found += waiting(listener)


def unavailable(topic: str, partition: int) -> tuple[int, int]:
    raise Unavailable("Kafka is away")


def waiting(listener: Listener) -> list[tuple[str, Any]]:
    blocks = b"".join(listener.take()).decode().split("\n\n")[:-1]
    lines = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(one["event"], orjson.loads(one["data"])) for one in lines]


def decide(tier: Tier, count: int) -> None:
    values = [outcome(f"1-0-{number}") for number in range(count)]
    tier.wiring.outcomes.add([LogRecord("outcomes", 0, 0, b"", value.encode(), 0) for value in values])


async def test_the_freshness_is_told_while_somebody_listens() -> None:
    clock = Clock()
    async with Tier(clock=clock) as tier:
        told = Told(tier, clock)
        with told.listening() as found:
            decide(tier, 30)
            await told.bulletin.follow()
            await told.bulletin.tell()
        assert [event for event, _ in found] == ["more", "freshness"]
        assert found[0][1] == {"count": 10}
        assert (found[1][1]["products"], found[1][1]["events_per_s"]) == (7, 3.0)


async def test_without_kafka_there_is_no_freshness_to_tell() -> None:
    class Away(FakeReader):
        def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
            raise Unavailable("Kafka is away")

    clock = Clock()
    async with Tier(clock=clock, log=Away()) as tier:
        told = Told(tier, clock)
        with told.listening() as found:
            await told.bulletin.tell()
        assert found == []


@pytest.mark.parametrize("away", [False, True])
async def test_old_freshness_is_not_told_to_who_comes_later(away: bool) -> None:
    """Neither that of before Kafka went away, nor that of when somebody listened last."""
    clock = Clock()
    async with Tier(clock=clock) as tier:
        told = Told(tier, clock)
        with told.listening():
            await told.bulletin.tell()
            with told.feed.listening() as second:
                assert [event for event, _ in waiting(second)] == ["freshness"]
            if away:
                tier.log.begin_end = unavailable  # type: ignore[method-assign]
                clock.now_s += KEPT_S
                await told.bulletin.tell()
        if not away:
            await told.bulletin.tell()
        with told.feed.listening() as third:
            assert waiting(third) == []


async def test_events_are_followed_in_larger_strides_while_nobody_listens() -> None:
    clock, shard = Clock(), FakeShard(seen={"content_searchable_ms": 1_250})
    async with Tier([[shard]], clock=clock) as tier:
        told = Told(tier, clock)
        await told.bulletin.follow()
        decide(tier, 1)
        await told.bulletin.follow()
        assert shard.asked_seen == []
        clock.now_s += UNHEARD_EVERY_S
        await told.bulletin.follow()
        assert shard.asked_seen == [1]


async def test_processes_are_told_when_one_changes_and_now_and_then() -> None:
    clock = Clock()
    async with Tier(clock=clock) as tier:
        told = Told(tier, clock)
        await told.bulletin.look()
        for seconds, count in ((1.0, 0), (PROCESSES_EVERY_S, 1)):
            clock.now_s += seconds
            with told.listening() as found:
                await told.bulletin.look()
            assert [event for event, _ in found] == ["processes"] * count
        tier.wiring.hints.up = True
        with told.listening() as found:
            await told.bulletin.look()
        [(_, body)] = found
        states = {one["name"]: one["state"] for one in body["processes"]}
        assert states == {"kafka": "starting", "redis": "up", "serving": "up"}
