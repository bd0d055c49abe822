"""Replicas: the freshest first, the next when one fails or is slow."""

import asyncio

import orjson
import pytest
from aiohttp import web

from schemas.errors import Unavailable
from schemas.search import ShardQuery, ShardState
from serving.budget import Budget
from serving.shard_watch import ShardWatch
from serving.shards import FAILED_FOR_S, Shards
from tests.unit.serving.fakes import Clock, FakeShard, Tier, hit, state


class Hinted:
    up = True

    def __init__(self, *states: ShardState) -> None:
        self.states = states

    async def read(self) -> dict[tuple[int, int], ShardState]:
        return {(one.partition, one.replica): one for one in self.states}


async def failing() -> web.Response:
    return web.Response(status=503)


async def test_the_replica_that_is_furthest_in_the_log_is_asked_first() -> None:
    old = FakeShard(state(0, 0, documents=5), [hit("old")])
    new = FakeShard(state(0, 1, documents=6), [hit("new")])
    async with Tier([[old, new]]) as tier:
        assert (await tier.search(text="lamp"))["hits"][0]["sku"] == "new"
        assert old.queries == []


async def test_hints_count_for_replicas_that_do_not_tell_themselves() -> None:
    watch = ShardWatch()
    async with Tier([[FakeShard(state(0, 0)), FakeShard(state(0, 1))]]) as tier:
        await watch.refresh(tier.wiring.shards, Hinted(state(0, 0, documents=99), state(0, 5)), tier.lines)
        assert watch.states()[(0, 0)].documents_offset == 10
        assert (0, 5) in watch.states()


async def test_the_next_replica_answers_for_one_that_fails_and_is_asked_first_for_a_while() -> None:
    clock = Clock()
    bad, good = FakeShard(state(0, 0), behave=failing), FakeShard(state(0, 1), [hit("a")])
    async with Tier([[bad, good]], clock=clock) as tier:
        for _ in range(2):
            answer = await tier.search(text="lamp")
            assert (len(answer["hits"]), answer["degraded"]) == (1, [])
            assert answer["made_from"][0]["replica"] == 1
        assert len(bad.queries) == 1
        clock.now_s += FAILED_FOR_S
        await tier.search(text="lamp")
        assert len(bad.queries) == 2


async def test_a_slow_replica_is_overtaken_within_the_budget() -> None:
    async def stuck() -> None:
        await asyncio.Event().wait()

    slow, good = FakeShard(state(0, 0), behave=stuck), FakeShard(state(0, 1), [hit("a")])
    async with Tier([[slow, good]], search_budget_ms=1_000) as tier:
        for _ in range(2):
            answer = await tier.search(text="lamp")
            assert (len(answer["hits"]), answer["degraded"]) == (1, [])
        assert len(slow.queries) == 1


async def test_a_process_that_does_not_answer_is_not_known_any_more() -> None:
    shard = FakeShard()
    async with Tier([[shard]]) as tier:
        assert tier.wiring.watch.ready(0)
        await tier._servers[0].close()
        await tier.wiring.watch.refresh(tier.wiring.shards, tier.hints, tier.lines)
        assert not tier.wiring.watch.ready(0)
        assert [(level, event) for level, event, _ in tier.lines.lines] == [("warning", "shard_lost")]
        assert tier.wiring.watch.states() == {}


async def test_a_process_with_several_partitions_is_asked_once_for_its_state() -> None:
    shard = FakeShard()
    async with Tier([[shard]]) as tier:
        shards = tier.wiring.shards
        shards.replicas = [shards.replicas[0], shards.replicas[0]]
        assert shards.addresses() == [shard.url]


async def test_an_answer_at_the_limit_and_beyond() -> None:
    size = 0

    async def padded() -> web.Response:
        body = orjson.dumps({"hits": [], "matching": 0, "state": state().model_dump()})
        return web.Response(body=body + b" " * (size - len(body)), content_type="application/json")

    async with Tier([[FakeShard(behave=padded)]]) as tier:
        shards, query = tier.wiring.shards, ShardQuery(partition=0, limit=1, budget_ms=1)
        limited = Shards(shards.replicas, tier._session, tier.wiring.clock, dict, answer_bytes_max=1_000)
        size = 1_000
        assert (await limited.search(query, Budget(10, tier.wiring.clock))).matching == 0
        size = 1_001
        with pytest.raises(Unavailable, match="more than"):
            await limited.search(query, Budget(10, tier.wiring.clock))
