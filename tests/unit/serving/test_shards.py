"""The router with replicas on real HTTP: fresh, slow, dead, garbled, taken out."""

import asyncio
import random

import orjson
import pytest
from aiohttp import web

from schemas.errors import Overloaded, Unavailable
from schemas.hits import ShardState
from schemas.shard_messages import ShardQuery
from serving import choose
from serving.breaker import FAILURES_MAX, OPEN_S_MIN
from serving.budget import Budget
from serving.choose import LAG_RECORDS_MAX
from serving.router import IN_FLIGHT_MAX, Router
from serving.shard_http import ShardHttp
from serving.shard_watch import ShardWatch
from serving.shards import Shards
from tests.unit.serving.fakes import Clock, FakeShard, Tier, hit, state

QUERY = ShardQuery(partition=0, limit=1, budget_ms=1)


class Hinted:
    up = True

    def __init__(self, *states: ShardState) -> None:
        self.states = states

    async def read(self) -> dict[tuple[int, int], ShardState]:
        return {(one.partition, one.replica): one for one in self.states}


async def failing() -> web.Response:
    return web.Response(status=503)


async def garbage() -> web.Response:
    return web.Response(body=b'{"hits": [{"sku": 7}], "matching": "x"}', content_type="application/json")


async def of_another_partition() -> web.Response:
    return web.json_response({"hits": [], "matching": 0, "state": state(partition=3).model_dump()})


async def cut() -> web.Response:
    return web.Response(body=b'{"hits": [', headers={"Content-Length": "10"})


async def too_busy() -> web.Response:
    return web.json_response({"code": "over_budget", "message": "64 wait"}, status=503)


async def wrong_question() -> web.Response:
    return web.json_response({"code": "bad_request", "message": "no such facet"}, status=400)


async def stuck() -> None:
    await asyncio.Event().wait()


def pair(behave: object) -> list[list[FakeShard]]:
    """A bad replica that is always asked first, for being ahead, and a good one."""
    bad = FakeShard(state(0, 0, documents=LAG_RECORDS_MAX * 2), behave=behave)  # type: ignore[arg-type]
    return [[bad, FakeShard(state(0, 1), [hit("a")])]]


async def test_a_replica_that_is_far_behind_is_left_alone_while_another_is_there() -> None:
    old = FakeShard(state(0, 0, documents=10), [hit("old")])
    new = FakeShard(state(0, 1, documents=11 + LAG_RECORDS_MAX), [hit("new")])
    async with Tier([[old, new]]) as tier:
        for _ in range(20):
            assert (await tier.search(text="lamp", mode="vector"))["hits"][0]["sku"] == "new"
        assert old.queries == []
        await tier.shard_servers[1].close()
        assert (await tier.search(text="lamp", mode="vector"))["hits"][0]["sku"] == "old"


async def test_without_the_limit_of_the_lag_the_old_one_would_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """C10: what the test above is there for turns it red."""
    monkeypatch.setattr(choose, "LAG_RECORDS_MAX", 10**9)
    old = FakeShard(state(0, 0, documents=10), [hit("old")])
    async with Tier([[old, FakeShard(state(0, 1, documents=11 + LAG_RECORDS_MAX), [hit("new")])]]) as tier:
        found = {(await tier.search(text="lamp"))["hits"][0]["sku"] for _ in range(20)}
    assert "old" in found


async def test_replicas_that_are_about_as_fresh_share_the_work() -> None:
    one, other = FakeShard(state(0, 0, documents=10)), FakeShard(state(0, 1, documents=11))
    async with Tier([[one, other]]) as tier:
        for _ in range(40):
            await tier.search(text="lamp", mode="vector")
        assert one.queries and other.queries


async def test_single_products_are_asked_for_at_the_freshest() -> None:
    old, new = FakeShard(state(0, 0, documents=10)), FakeShard(state(0, 1, documents=11))
    async with Tier([[old, new]]) as tier:
        for _ in range(10):
            assert (await tier.wiring.shards.sku(0, "a", 5)).state.replica == 1


async def test_hints_count_for_replicas_that_do_not_tell_themselves() -> None:
    watch = ShardWatch()
    async with Tier([[FakeShard(state(0, 0)), FakeShard(state(0, 1))]]) as tier:
        await tier.shard_servers[1].close()
        hints = Hinted(state(0, 0, documents=99), state(0, 1, documents=98), state(0, 5))
        await watch.refresh(tier.wiring.shards, hints, tier.lines)
        assert watch.states()[(0, 0)].documents_offset == 10
        assert (0, 5) in watch.states()
        one, other = tier.wiring.shards.router.replicas(0)
        assert one.watched and one.watched.documents_offset == 10
        assert other.watched and other.watched.documents_offset == 98 and not other.ready


@pytest.mark.parametrize("behave", [failing, garbage, of_another_partition, cut])
async def test_the_next_replica_answers_for_one_that_fails_which_is_then_broken_off(behave: object) -> None:
    clock, replicas = Clock(), pair(behave)
    async with Tier(replicas, clock=clock) as tier:
        for _ in range(FAILURES_MAX + 4):
            answer = await tier.search(text="lamp", mode="vector")
            assert (len(answer["hits"]), answer["degraded"]) == (1, [])
            assert answer["made_from"][0]["replica"] == 1
        assert len(replicas[0][0].queries) == FAILURES_MAX + 1
        failed = tier.counted("freshet_shard_questions_total", partition="0", replica="0", result="failed")
        assert failed == FAILURES_MAX + 1
        metrics = await (await tier.client.get("/metrics")).text()
        assert 'freshet_replica_broken_off{partition="0",replica="0"} 1.0' in metrics
        assert 'freshet_replica_broken_off{partition="0",replica="1"} 0.0' in metrics
        clock.now_s += OPEN_S_MIN
        await tier.search(text="lamp", mode="vector")
        assert len(replicas[0][0].queries) == FAILURES_MAX + 2, "the probe"
        await tier.search(text="lamp", mode="vector")
        assert len(replicas[0][0].queries) == FAILURES_MAX + 2, "and no second one"


@pytest.mark.parametrize(("behave", "result"), [(too_busy, "overloaded"), (wrong_question, "refused")])
async def test_one_that_is_busy_or_refuses_a_question_is_not_broken_off(behave: object, result: str) -> None:
    replicas = pair(behave)
    async with Tier(replicas) as tier:
        for _ in range(2 * FAILURES_MAX + 2):
            assert (await tier.search(text="lamp", mode="vector"))["degraded"] == []
        count = len(replicas[0][0].queries)
        assert count == 2 * FAILURES_MAX + 2
        assert tier.counted("freshet_shard_questions_total", partition="0", replica="0", result=result) == count


async def test_a_slow_replica_is_overtaken_and_avoided() -> None:
    replicas = pair(stuck)
    async with Tier(replicas, search_budget_ms=10_000, hedge_share=0.05) as tier:
        for _ in range(10):
            answer = await tier.search(text="lamp", mode="vector")
            assert (len(answer["hits"]), answer["degraded"]) == (1, [])
        won = tier.counted("freshet_hedges_total", result="won")
        assert won == tier.counted("freshet_hedges_total", result="sent") == len(replicas[0][0].queries) >= 1


async def test_without_hedges_a_slow_replica_costs_the_budget() -> None:
    """The negative control of the test above."""
    replicas = pair(stuck)
    async with Tier(replicas, search_budget_ms=100) as tier:
        assert await tier.unanswered(text="lamp", mode="vector") == ["shard-0"]
        assert tier.counted("freshet_hedges_total", result="sent") == 0
        assert tier.counted("freshet_hedges_total", result="no_budget") >= 1


async def test_a_replica_that_is_taken_out_never_answers_not_even_as_the_last() -> None:
    damaged, good = FakeShard(state(0, 0), [hit("wrong")]), FakeShard(state(0, 1), [hit("right")])
    async with Tier([[damaged, good]]) as tier:
        tier.wiring.shards.router.take_out({(0, 0)})
        for _ in range(10):
            assert (await tier.search(text="lamp", mode="vector"))["hits"][0]["sku"] == "right"
        await tier.shard_servers[1].close()
        assert await tier.unanswered(text="lamp", mode="vector") == ["shard-0"]
        assert damaged.queries == []
        tier.wiring.shards.router.take_out(set())
        assert (await tier.search(text="lamp", mode="vector"))["hits"][0]["sku"] == "wrong"


async def test_an_answer_of_one_that_is_taken_out_is_refused_though_its_number_was_not_known() -> None:
    replicas = [[FakeShard(state(0, 7), [hit("wrong")]), FakeShard(state(0, 1), [hit("right")])]]
    async with Tier(replicas) as tier:
        router = tier.wiring.shards.router
        router.take_out({(0, 7)})
        for one in router.replicas(0):
            one.number = None
        for _ in range(10):
            assert (await tier.search(text="lamp", mode="vector"))["hits"][0]["sku"] == "right"


async def test_so_many_questions_at_a_replica_and_one_more() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]]) as tier:
        [one] = tier.wiring.shards.router.replicas(0)
        one.in_flight = IN_FLIGHT_MAX - 1
        assert (await tier.search(text="lamp", mode="vector"))["degraded"] == []
        one.in_flight = IN_FLIGHT_MAX
        response = await tier.client.post("/v1/search", json={"text": "lamp", "mode": "vector"})
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
        with pytest.raises(Overloaded):
            await tier.wiring.shards.search(QUERY, Budget(10, tier.wiring.clock))
        assert tier.counted("freshet_shed_total", where="replica") == 2
        assert tier.counted("freshet_shed_total", where="tier") == 1


async def test_a_shard_that_is_full_is_named_while_others_answer() -> None:
    async with Tier([[FakeShard(state(0), [hit("a")])], [FakeShard(state(1), [hit("b")])]]) as tier:
        [one] = tier.wiring.shards.router.replicas(0)
        one.in_flight = IN_FLIGHT_MAX
        answer = await tier.search(text="lamp", mode="vector")
        assert ([item["sku"] for item in answer["hits"]], answer["degraded"]) == (["b"], ["shard-0"])


async def test_when_the_time_is_over_nothing_is_asked() -> None:
    shard = FakeShard()
    async with Tier([[shard]]) as tier:
        clock = Clock()
        tier.wiring.shards._clock = tier.wiring.shards.router._clock = clock
        budget = Budget(0.3, clock)
        clock.now_s += 0.3
        with pytest.raises(Unavailable, match="no time is left"):
            await tier.wiring.shards.search(QUERY, budget)
        assert shard.queries == []


async def test_what_is_left_of_the_budget_is_passed_down() -> None:
    shard = FakeShard()
    async with Tier([[shard]]) as tier:
        clock = Clock()
        tier.wiring.shards._clock = tier.wiring.shards.router._clock = clock
        budget = Budget(0.3, clock)
        clock.now_s += 0.2
        await tier.wiring.shards.search(QUERY, budget)
        assert shard.queries[0]["budget_ms"] in (99, 100)


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
        addresses = tier.wiring.shards.router.addresses
        addresses._configured = [[shard.url], [shard.url]]
        assert tier.wiring.shards.addresses() == [shard.url]


async def test_replicas_behind_a_name_come_and_go() -> None:
    one, other = FakeShard(state(0, 3), [hit("a")]), FakeShard(state(0, 4), [hit("b")])
    async with Tier([[one], [other]]) as tier:
        found = [one.url]

        async def resolve(host: str, port: int) -> list[str]:
            return found

        addresses = tier.wiring.shards.router.addresses
        addresses._configured, addresses._resolve = [["dns://shard-0:1"]], resolve
        assert await tier.unanswered(text="lamp", mode="vector") == ["shard-0"]
        for now, sku, number in ((one, "a", "3"), (other, "b", "4")):
            found[:] = [now.url]
            await addresses.refresh("dns://shard-0:1", tier.lines)
            await tier.wiring.watch.refresh(tier.wiring.shards, tier.hints, tier.lines)
            assert (await tier.search(text="lamp", mode="vector"))["hits"][0]["sku"] == sku
            assert [replica.name for replica in tier.wiring.shards.router.replicas(0)] == [number]
            status = await (await tier.client.get("/v1/status")).json()
            assert [replica["address"] for replica in status["replicas"]] == [now.url]


async def test_an_answer_at_the_limit_and_beyond() -> None:
    size = 0

    async def padded() -> web.Response:
        body = orjson.dumps({"hits": [], "matching": 0, "state": state().model_dump()})
        return web.Response(body=body + b" " * (size - len(body)), content_type="application/json")

    async with Tier([[FakeShard(behave=padded)]]) as tier:
        clock, addresses = tier.wiring.clock, tier.wiring.shards.router.addresses
        router = Router(addresses, tier.metrics, clock, random.Random(1), 0.0)
        limited = Shards(router, ShardHttp(tier._session, answer_bytes_max=1_000), clock)
        size = 1_000
        assert (await limited.search(QUERY, Budget(10, clock))).matching == 0
        size = 1_001
        with pytest.raises(Unavailable, match="more than"):
            await limited.search(QUERY, Budget(10, clock))
