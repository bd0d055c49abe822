"""Single events followed until they are searchable: what is told, when, and how many at most."""

from typing import Any

import pytest

from schemas.records import Order
from serving.changes import (
    ASK_EVERY_S_MAX,
    ASK_MAX,
    FOLLOWED_BURST,
    FOLLOWED_PER_S,
    PENDING_MAX,
    PENDING_S,
    WAITING_TOLD_S,
    Change,
    ChangeWatch,
    kind_of,
)
from serving.fresh_sample import FreshSample
from serving.outcomes import NEWEST_MAX, OutcomeCache
from serving.shard_answers import Seen
from streams.reader import LogRecord
from tests.unit.serving.fakes import Clock, FakeShard, Tier, outcome

SEEN = {"content_order": [1, 0], "content_searchable_ms": 1_250, "title": "A lamp"}


class Followed:
    """A tier whose changes are kept."""

    def __init__(self, tier: Tier, clock: Clock) -> None:
        self.clock = clock
        self.told: list[Change] = []
        self.outcomes = OutcomeCache(clock)
        self.sample = FreshSample(clock)
        self.watch = ChangeWatch(self.outcomes, tier.wiring.shards, self.sample, self.told.append, clock)

    def decide(self, *ids: str, kind: str = "indexed", at_ms: int = 1_100, **more: Any) -> None:
        values = [outcome(event_id, kind, **more) for event_id in ids]
        self.outcomes.add([LogRecord("outcomes", 0, 0, b"", value.encode(), at_ms) for value in values])

    async def after(self, seconds: float) -> list[Change]:
        """What is told by a step so much later."""
        self.told.clear()
        self.clock.now_s += seconds
        await self.watch.step()
        return list(self.told)


async def test_an_event_is_told_with_its_times_and_measured_once_it_is_searchable() -> None:
    shard = FakeShard()
    async with Tier([[shard]]) as tier:
        followed = Followed(tier, Clock())
        followed.decide("1-0-0")
        assert await followed.after(0) == []
        shard.seen = SEEN
        [told] = await followed.after(ASK_EVERY_S_MAX)
        assert (told.kind, told.title, told.waiting) == ("content", "A lamp", None)
        assert (told.received_ms, told.decided_ms, told.searchable_ms, told.total_ms) == (1_000, 1_100, 1_250, 250)
        assert followed.sample.now().p50_s == 0.25
        assert await followed.after(PENDING_S) == []


async def test_an_event_that_waits_long_is_told_as_waiting_and_again_when_it_is_there() -> None:
    shard = FakeShard()
    async with Tier([[shard]]) as tier:
        followed = Followed(tier, Clock())
        followed.decide("1-0-0")
        await followed.after(0)
        [waits] = await followed.after(WAITING_TOLD_S)
        assert (waits.waiting, waits.searchable_ms) == ("embed", None)
        assert await followed.after(ASK_EVERY_S_MAX) == []
        shard.seen = SEEN
        [there] = await followed.after(ASK_EVERY_S_MAX)
        assert (there.event_id, there.waiting, there.total_ms) == (waits.event_id, None, 250)


async def test_what_waits_too_long_is_no_longer_asked_after() -> None:
    shard = FakeShard()
    async with Tier([[shard]]) as tier:
        followed = Followed(tier, Clock())
        followed.decide("1-0-0")
        await followed.after(0)
        await followed.after(PENDING_S)
        shard.seen, asked = SEEN, len(shard.asked_seen)
        assert await followed.after(ASK_EVERY_S_MAX) == []
        assert len(shard.asked_seen) == asked


async def test_an_event_whose_place_a_newer_one_took_is_told_without_a_time() -> None:
    async with Tier([[FakeShard(seen={"content_order": [1, 9]})]]) as tier:
        followed = Followed(tier, Clock())
        followed.decide("1-0-0")
        [told] = await followed.after(0)
        assert (told.waiting, told.total_ms, followed.sample.now().n) == (None, None, 0)


async def test_a_correction_by_the_encoder_is_told() -> None:
    async with Tier() as tier:
        followed = Followed(tier, Clock())
        followed.decide("1-0-0")
        await followed.after(0)
        followed.decide("1-0-0", kind="dead-lettered", by="embed", reason="encoder_refused")
        [told] = await followed.after(ASK_EVERY_S_MAX)
        assert (told.kind, told.reason) == ("rejected", "encoder_refused")
        assert "no usable vector" in told.meaning


async def test_what_changed_nothing_is_told_also_while_the_shard_is_away() -> None:
    async with Tier([[FakeShard()]]) as tier:
        followed = Followed(tier, Clock())
        for server in tier.shard_servers:
            await server.close()
        followed.decide("1-0-0", kind="unchanged")
        followed.decide("1-0-1")
        assert [told.kind for told in await followed.after(0)] == ["unchanged"]
        [waits] = await followed.after(WAITING_TOLD_S)
        assert (waits.event_id, waits.waiting, waits.title) == ("1-0-1", "apply", None)


@pytest.mark.parametrize("more", [0, 1])
async def test_so_many_are_followed_at_once_and_the_others_are_counted(more: int) -> None:
    async with Tier([[FakeShard(seen=SEEN)]]) as tier:
        followed = Followed(tier, Clock())
        followed.decide(*(f"1-0-{number}" for number in range(FOLLOWED_BURST + more)))
        told = await followed.after(0)
        assert [one.event_id for one in told] == [f"1-0-{number}" for number in range(more, FOLLOWED_BURST + more)]
        assert (followed.watch.take_left_out(), followed.watch.take_left_out()) == (more, 0)


async def test_then_so_many_a_second() -> None:
    async with Tier([[FakeShard(seen=SEEN)]]) as tier:
        followed = Followed(tier, Clock())
        followed.decide(*(f"1-0-{number}" for number in range(FOLLOWED_BURST)))
        await followed.after(0)
        followed.decide(*(f"1-0-{number}" for number in range(100, 200)))
        assert len(await followed.after(1)) == FOLLOWED_PER_S
        assert followed.watch.take_left_out() == 100 - FOLLOWED_PER_S


@pytest.mark.parametrize("more", [0, 1])
async def test_outcomes_beyond_what_can_wait_are_counted(more: int) -> None:
    async with Tier() as tier:
        followed = Followed(tier, Clock())
        followed.decide(*(f"1-0-{number}" for number in range(NEWEST_MAX + more)))
        await followed.after(0)
        assert followed.watch.take_left_out() == NEWEST_MAX + more - FOLLOWED_BURST


@pytest.mark.parametrize("more", [0, 1])
async def test_so_many_are_waited_for_and_the_oldest_goes(more: int) -> None:
    shard = FakeShard()
    async with Tier([[shard]]) as tier:
        followed = Followed(tier, Clock())
        for number in range(PENDING_MAX + more):
            followed.decide(f"1-0-{number}")
            followed.clock.now_s += 1 / FOLLOWED_PER_S
            await followed.watch.step()
            followed.watch.take_left_out()
        shard.seen = SEEN
        told: list[Change] = []
        for _ in range(PENDING_MAX // ASK_MAX + 1):
            told += await followed.after(0)
            followed.clock.now_s += ASK_EVERY_S_MAX
        assert max(shard.asked_seen) <= ASK_MAX
        assert len(told) <= PENDING_MAX
        assert ("1-0-0" in {one.event_id for one in told}) == (more == 0)


@pytest.mark.parametrize(
    ("kind", "content_changed", "live_since", "told"),
    [
        ("indexed", True, Order(1, 0), "new"),
        ("indexed", True, Order(0, 9), "content"),
        ("indexed", True, None, "content"),
        ("indexed", False, Order(0, 9), "offer"),
        ("deleted", True, None, "deleted"),
        ("unchanged", False, Order(1, 0), "unchanged"),
        ("superseded", False, None, "superseded"),
        ("duplicate", False, None, "duplicate"),
        ("dead-lettered", False, None, "rejected"),
    ],
)
def test_kinds(kind: str, content_changed: bool, live_since: Order | None, told: str) -> None:
    assert kind_of(outcome("1-0-0", kind, content_changed=content_changed), Seen(live_since=live_since)) == told
