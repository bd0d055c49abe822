"""A client that says what it has seen gets no older answer that does not say so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from schemas.limits import READ_TOKENS_MAX
from schemas.read_token import Offsets
from serving import search as query_path
from serving.choose import LAG_RECORDS_MAX
from serving.routes.at_least import HEADER
from streams.reader import LogRecord
from tests.unit.serving.fakes import FakeShard, Tier, hit, outcome, state

SHOWN = {"content_order": [1, 7], "offer_order": [1, 7]}
BEHIND, AHEAD = Offsets(10, 10), Offsets(11, 11)


def replica(number: int, offsets: Offsets, sku: str = "", **more: Any) -> FakeShard:
    return FakeShard(state(0, number, *offsets), [hit(sku)] if sku else [], **more)


@asynccontextmanager
async def old_and_new(**more: Any) -> AsyncIterator[Tier]:
    """The old replica is asked first by choice: it is the quicker one by far."""
    async with Tier([[replica(0, BEHIND, "old"), replica(1, AHEAD, "new", seen=SHOWN)]], **more) as tier:
        one, other = tier.wiring.shards.router.replicas(0)
        one.latency.answered(0.0001)
        other.latency.answered(5)
        yield tier


def decide(tier: Tier, event_id: str, kind: str = "indexed", **more: Any) -> None:
    value = outcome(event_id, kind, **more).encode()
    tier.wiring.outcomes.add([LogRecord("outcomes", 0, 0, b"", value, 0)])


async def ask(tier: Tier, *tokens: str) -> tuple[list[str], list[str]]:
    answer = await tier.search(at_least=list(tokens))
    return [item["sku"] for item in answer["hits"]], answer["degraded"]


async def test_only_a_replica_that_is_there_is_asked() -> None:
    async with old_and_new() as tier:
        assert (await ask(tier))[0] == ["old"], "without a token the quicker one answers"
        assert await ask(tier, "1-0-10-10") == (["old"], [])
        assert await ask(tier, "1-0-11-11") == (["new"], [])
        assert await ask(tier, "1-0-11-0", "1-0-3-11") == (["new"], [])
        assert tier.counted("freshet_at_least_total", result="reached") == 3


async def test_the_token_of_an_answer_makes_the_next_one_not_older() -> None:
    async with old_and_new() as tier:
        tier.wiring.shards.router.take_out({(0, 0)})
        answer = await tier.search()
        assert answer["read_token"] == ["1-0-11-11"]
        tier.wiring.shards.router.take_out(set())
        assert (await ask(tier))[0] == ["old"]
        assert await ask(tier, *answer["read_token"]) == (["new"], [])


async def test_the_header_counts_like_the_body() -> None:
    async with old_and_new() as tier:
        response = await tier.client.post("/v1/search", json={}, headers={HEADER: "1-0-3-3, 1-0-11-11"})
        assert (await response.json())["hits"][0]["sku"] == "new"


async def test_a_writer_sees_its_own_event() -> None:
    async with old_and_new() as tier:
        decide(tier, "1-0-7")
        assert await ask(tier, "1-0-7") == (["new"], [])


@pytest.mark.parametrize("offer_order", [None, [1, 6]])
async def test_content_without_its_offer_is_not_the_whole_event(offer_order: list[int] | None) -> None:
    async with old_and_new(search_budget_ms=100) as tier:
        tier.replicas[0][1].seen = SHOWN | {"offer_order": offer_order}
        decide(tier, "1-0-7")
        assert (await ask(tier, "1-0-7"))[1] == ["at_least-0"]


@pytest.mark.parametrize("kind", ["unchanged", "superseded", "duplicate", "dead-lettered"])
async def test_an_event_that_changes_nothing_asks_for_nothing(kind: str) -> None:
    async with old_and_new() as tier:
        decide(tier, "1-0-7", kind)
        assert await ask(tier, "1-0-7") == (["old"], [])


async def test_it_is_waited_for_until_the_event_is_decided_and_shown() -> None:
    async with old_and_new() as tier:
        tier.replicas[0][1].seen = {}
        asking = asyncio.create_task(ask(tier, "1-0-7"))
        await asyncio.sleep(0.05)
        decide(tier, "1-0-7")
        await asyncio.sleep(0.05)
        assert not asking.done()
        tier.replicas[0][1].seen = SHOWN
        assert await asking == (["new"], [])


async def test_what_is_not_there_in_time_is_named_and_answered_all_the_same() -> None:
    async with old_and_new(search_budget_ms=200) as tier:
        assert (await ask(tier, "1-0-12-0"))[1] == ["at_least-0"]
        assert (await ask(tier, "1-0-99"))[1] == ["at_least-0"], "it was never decided"
        assert tier.counted("freshet_at_least_total", result="late") == 2
        assert tier.counted("freshet_degraded_total", stage="at_least-0") == 2


async def test_when_the_one_that_is_there_fails_the_answer_says_so() -> None:
    async def failing() -> web.Response:
        return web.Response(status=500)

    async with old_and_new() as tier:
        tier.replicas[0][1].behave = failing
        assert await ask(tier, "1-0-11-11") == (["old"], ["at_least-0"])


async def test_without_the_check_of_the_answer_nobody_would_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""

    async def failing() -> web.Response:
        return web.Response(status=500)

    monkeypatch.setattr(query_path, "too_old", lambda answers, floors: [])
    async with old_and_new() as tier:
        tier.replicas[0][1].behave = failing
        assert await ask(tier, "1-0-11-11") == (["old"], [])


async def test_a_hedge_to_one_that_is_not_there_does_not_overtake_one_that_is() -> None:
    """It was sent because the one that is there is slow; what the client has seen matters more than time."""
    overtaken = asyncio.Event()

    async def first_the_other() -> None:
        await overtaken.wait()
        await asyncio.sleep(0.02)

    async def at_once() -> None:
        overtaken.set()

    async with old_and_new(hedge_share=0.05) as tier:
        tier.replicas[0][1].behave, tier.replicas[0][0].behave = first_the_other, at_once
        assert await ask(tier, "1-0-11-11") == (["new"], [])
        assert tier.counted("freshet_hedges_total", result="sent") == 1


async def test_when_the_one_that_is_there_hangs_the_other_answers_in_time_and_the_answer_says_so() -> None:
    async with old_and_new(search_budget_ms=1_000, hedge_share=0.05) as tier:
        tier.replicas[0][1].behave = asyncio.Event().wait
        assert await ask(tier, "1-0-11-11") == (["old"], ["at_least-0"])


async def test_words_are_asked_where_they_hold_what_the_client_has_seen() -> None:
    async with old_and_new() as tier:
        old, new = tier.replicas[0]
        assert (await tier.search(text="lamp", at_least=["1-0-11-11"]))["degraded"] == []
        assert (len(old.asked_words), [asked["documents"] for asked in new.asked_words]) == (0, [11])
        new.words_say = {"behind": True}
        assert (await tier.search(text="lamp", at_least=["1-0-11-11"]))["degraded"] == ["at_least-0"]
        assert (await tier.search(text="lamp", mode="vector", at_least=["1-0-11-11"]))["degraded"] == []


async def test_other_partitions_are_not_touched() -> None:
    async with Tier([[replica(0, BEHIND, "a")], [FakeShard(state(1), [hit("b")])]], search_budget_ms=200) as tier:
        skus, degraded = await ask(tier, "1-1-99-99")
        assert (sorted(skus), degraded) == (["a", "b"], ["at_least-1"])


async def test_a_replica_that_is_far_ahead_answers_though_another_is_quicker() -> None:
    ahead = Offsets(11 + LAG_RECORDS_MAX, 10)
    async with Tier([[replica(0, BEHIND, "old"), replica(1, ahead, "new")]]) as tier:
        assert await ask(tier, "1-0-10-10") == (["new"], []), "the old one is too far behind to be asked at all"


@pytest.mark.parametrize("token", ["2-0-7", "1-1-7", "2-0-7-7", "1-9-7-7"])
async def test_tokens_of_another_log_are_refused(token: str) -> None:
    async with old_and_new() as tier:
        response = await tier.client.post("/v1/search", json={"at_least": [token]})
        assert (response.status, (await response.json())["code"]) == (400, "unknown_token")


@pytest.mark.parametrize(
    ("body", "header"),
    [({"at_least": ["7"]}, ""), ({}, "7"), ({"at_least": ["1-0-7-7"] * READ_TOKENS_MAX}, "1-0-7-7")],
)
async def test_what_is_no_token_is_refused(body: dict[str, Any], header: str) -> None:
    async with old_and_new() as tier:
        response = await tier.client.post("/v1/search", json=body, headers={HEADER: header})
        problem = await response.json()
        assert (response.status, problem["code"]) == (400, "invalid_request")
        assert problem["problems"][0]["field"] == "at_least"


async def test_a_product_is_read_at_or_past_the_token_or_not_yet() -> None:
    async with Tier([[replica(0, BEHIND, skus={"a": {"hit": hit("a").model_dump(mode="json")}})]]) as tier:
        for token, status in (("1-0-10-10", 200), ("1-0-11-10", 503)):
            response = await tier.client.get("/v1/skus/a", headers={HEADER: token})
            assert response.status == status
        assert (await response.json())["code"] == "not_yet"
        assert response.headers["Retry-After"] == "1"


async def test_an_event_tells_its_token_once_it_is_shown() -> None:
    async with old_and_new() as tier:
        decide(tier, "1-0-7")
        assert (await (await tier.client.get("/v1/events/1-0-7")).json())["read_token"] == "1-0-11-11"
        tier.replicas[0][1].seen = {}
        assert (await (await tier.client.get("/v1/events/1-0-7")).json())["read_token"] is None
