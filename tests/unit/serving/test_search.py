"""`POST /v1/search`: best first from all shards, inside the budget, never failing because a part is away."""

import asyncio
import base64
import gc
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from bench.shop import stage_times
from schemas.errors import Unavailable
from schemas.filters import Filters
from schemas.limits import FILTER_VALUES_MAX, HITS_MAX, QUERY_CHARS_MAX, SEARCH_DEPTH_MAX
from schemas.shard_messages import ShardAnswer, WordsAnswer
from serving.adaptive_gate import INSIDE_START
from serving.budget import Budget
from serving.hearing import Hearing
from serving.ranking.newness import Calendar
from serving.server_timing import STAGES_MAX, server_timing
from tests.unit.serving.fakes import FakeEncoding, FakeShard, Tier, hit, state


def two_shards() -> list[list[FakeShard]]:
    return [
        [FakeShard(state(0), [hit("c", 0.9), hit("a", 0.5, 4)])],
        [FakeShard(state(1), [hit("b", 0.9), hit("d", 0.1, 9)])],
    ]


def skus(answer: dict[str, Any]) -> list[str]:
    return [item["sku"] for item in answer["hits"]]


async def broken() -> web.Response:
    return web.Response(status=500)


async def garbage() -> web.Response:
    return web.Response(body=b"\x00garbage")


async def stuck() -> None:
    await asyncio.Event().wait()


async def test_hits_of_all_shards_best_first_ties_by_sku() -> None:
    async with Tier(two_shards()) as tier:
        answer = await tier.search(text="lamp")
        assert skus(answer) == ["b", "c", "a", "d"]
        assert (answer["found"], answer["degraded"], answer["encoder"]) == (4, [], "fake-4")
        assert [made["partition"] for made in answer["made_from"]] == [0, 1]


async def test_pages_go_on_where_the_last_one_ended() -> None:
    async with Tier(two_shards()) as tier:
        assert skus(await tier.search(text="lamp", limit=3)) == ["b", "c", "a"]
        assert skus(await tier.search(text="lamp", limit=3, page=2)) == ["d"]
        assert skus(await tier.search(text="lamp", limit=3, page=3)) == []


async def test_the_shards_get_the_vector_rounded_once() -> None:
    shards = two_shards()
    async with Tier(shards) as tier:
        await tier.search(text="  red \n lamp ", filters={"in_stock": True})
        await tier.search(text="red lamp")
        assert tier.encoding.texts == ["red lamp"]
        [query, again] = shards[0][0].queries
        vector = np.frombuffer(base64.b64decode(query["vector"]), "<f2")
        assert vector.tolist() == np.array([1, 0, 0, 1 / 3], np.float32).astype(np.float16).tolist()
        assert again["vector"] == query["vector"] == shards[1][0].queries[0]["vector"]
        assert query["filters"]["in_stock"] is True
        assert 1 <= query["budget_ms"] <= 5_000
        assert tier.counted("freshet_query_cache_total", result="cache") == 1


async def test_the_shards_get_the_filters_as_they_were_asked() -> None:
    asked = {
        "attributes": {"colour": ["red", True], "watts": {"min": 3.0}},
        "any": [{"brand": ["Lumen"]}, {"not": {"in_stock": True}}],
    }
    shards = two_shards()
    async with Tier(shards, facets=["colour:value", "watts:number"]) as tier:
        await tier.search(filters=asked)
        sent = Filters.model_validate(shards[1][0].queries[0]["filters"])
        assert sent.model_dump(exclude_none=True) == asked


async def test_attributes_that_are_not_declared_are_refused_before_a_shard_is_asked() -> None:
    shards = two_shards()
    async with Tier(shards, facets=["colour:value", "watts:number"]) as tier:
        for asked, code in (({"size": ["L"]}, "undeclared_attribute"), ({"watts": ["7"]}, "wrong_attribute_kind")):
            response = await tier.client.post("/v1/search", json={"filters": {"not": {"attributes": asked}}})
            problem = await response.json()
            assert (response.status, problem["code"]) == (400, code)
            assert "colour (value), watts (number)" in problem["detail"]
            assert problem["problems"][0]["field"] == f"filters.not.attributes.{next(iter(asked))}"
        assert shards[0][0].queries == shards[1][0].queries == []


async def test_without_text_the_newest_come_first_and_nothing_is_encoded() -> None:
    async with Tier(two_shards()) as tier:
        answer = await tier.search()
        assert skus(answer) == ["d", "a", "b", "c"]
        assert (answer["degraded"], tier.encoding.texts) == ([], [])


@pytest.mark.parametrize("error", [Unavailable("loading"), RuntimeError("a bug")])
async def test_without_the_encoder_the_newest_are_shown(error: Exception) -> None:
    async with Tier(two_shards(), encoding=FakeEncoding(error)) as tier:
        answer = await tier.search(text="lamp")
        assert (skus(answer), answer["degraded"]) == (["d", "a", "b", "c"], ["encode"])
        assert tier.counted("freshet_degraded_total", stage="encode") == 1
        assert [line[1] for line in tier.lines.lines] == (["stage_failed"] if isinstance(error, RuntimeError) else [])


async def test_a_slow_encoder_leaves_time_for_the_shards() -> None:
    encoding = FakeEncoding(delay=asyncio.Event())
    async with Tier(two_shards(), encoding=encoding, search_budget_ms=400) as tier:
        answer = await tier.search(text="lamp")
        assert (len(answer["hits"]), answer["degraded"]) == (4, ["encode"])


async def test_vectors_of_different_encoders_never_meet() -> None:
    shard = FakeShard(hits=[hit("a")], encoder="another")
    async with Tier([[shard]]) as tier:
        answer = await tier.search(text="lamp")
        assert answer["degraded"] == ["encode"]
        assert shard.queries[0]["vector"] is None
        assert (await tier.client.get("/readyz")).status == 503


@pytest.mark.parametrize("behave", [broken, garbage])
async def test_a_shard_that_fails_is_left_out_and_named(behave: Any) -> None:
    shards = two_shards()
    shards[0][0].behave = behave
    async with Tier(shards) as tier:
        answer = await tier.search(text="lamp")
        assert (skus(answer), answer["degraded"], answer["found"]) == (["b", "d"], ["shard-0"], 2)
        assert [made["partition"] for made in answer["made_from"]] == [1]


async def test_a_shard_that_hangs_costs_its_part_and_no_more_time_than_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """D4. Where no stage is cut off the answer would not come."""
    shards = two_shards()
    shards[0][0].behave = stuck
    async with Tier(shards, search_budget_ms=100) as tier:
        answer = await tier.search(text="lamp")
        assert (skus(answer), answer["degraded"]) == (["b", "d"], ["shard-0"])
        monkeypatch.setattr(Budget, "left_s", lambda budget: 3_600.0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await tier.search(text="lamp")


@pytest.mark.parametrize("text", ["lamp", ""])
@pytest.mark.parametrize("behave", [broken, stuck])
async def test_when_no_shard_answers_that_is_an_error_and_no_empty_page(
    behave: Callable[[], Awaitable[Any]], text: str
) -> None:
    shards = two_shards()
    shards[0][0].behave = shards[1][0].behave = behave
    async with Tier(shards, search_budget_ms=100) as tier:
        for answers in (1, 2):
            response = await tier.client.post("/v1/search", json={"text": text})
            told = await response.json()
            assert (response.status, response.headers["Retry-After"], told["code"]) == (503, "1", "unavailable")
            assert told["degraded"][-2:] == ["shard-0", "shard-1"]
            assert tier.counted("freshet_searches_total", result="unanswered") == answers
        shards[1][0].behave = None
        assert {*skus(await tier.search(text=text))} == {"b", "d"}


async def test_a_budget_of_50_ms_leaves_no_task_behind() -> None:
    shards = two_shards()
    shards[0][0].behave = stuck
    async with Tier(shards, search_budget_ms=50) as tier:
        await tier.search(text="warm up")
        before = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
        for _ in range(5):
            answer = await tier.search(text="lamp")
            assert "shard-0" in answer["degraded"]
        after = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
        assert after <= before
        assert not [name for name in after if "Shards" in name or "attempt" in name]


async def test_explain_tells_how_the_answer_was_made() -> None:
    async with Tier(two_shards()) as tier:
        assert (await tier.search(text="lamp"))["explain"] is None
        explain = (await tier.search(text="lamp", explain=True, limit=1))["explain"]
        assert explain["query_vector"] == "cache"
        assert explain["candidates"] == {number: {"words": 0, "meaning": 2} for number in "01"}
        assert (explain["matching"], explain["words"]["share"]) == ({"0": 2, "1": 2}, 0.0)
        meaning, words = {"rank": 1, "score": 0.9}, {"rank": None, "score": None}
        features = {"relevance": 1.0, "in_stock": True, "named": 0.0, "popularity": 0.0, "newness": 0.0, "price": 0.0}
        ranked = {"features": features, "rank_score": 1.0}
        assert explain["hits"] == {"b": {"relevance": 1.0, "words": words, "meaning": meaning, **ranked}}
        assert set(explain["stages_ms"]) == {"encode", "words-0", "words-1", "shard-0", "shard-1"}


@pytest.mark.parametrize("asked", [{}, {"explain": True}, {"text": "zephyr red lamp"}, {"text": ""}])
async def test_what_a_search_heard_goes_with_it(asked: dict[str, Any]) -> None:
    """Without the garbage collector: while it looks for what refers to itself, nothing is answered."""
    async with Tier(two_shards()) as tier:
        gc.collect()
        gc.disable()
        try:
            before = heard_now()
            await tier.search(**{"text": "lamp", **asked})
            await tier.wiring.served.drain()
            assert heard_now() == before
        finally:
            gc.enable()


def heard_now() -> int:
    return sum(isinstance(one, ShardAnswer | WordsAnswer | Hearing) for one in gc.get_objects())


async def test_what_is_kept_of_the_calendar_is_what_the_search_began_with() -> None:
    async with Tier(two_shards()) as tier:
        stages = tier.wiring.stages
        hearing, began = Hearing(stages, tier.wiring.shards), stages.ranking.calendar
        stages.ranking.calendar = Calendar()  # as once a minute
        assert hearing.ranking.calendar is hearing.stages.ranking.calendar is began


async def test_the_head_of_an_answer_says_what_took_how_long() -> None:
    async with Tier(two_shards(), answer_cache_mb=1.0) as tier:
        response = await tier.client.post("/v1/search", json={"text": "lamp", "explain": True})
        told, stages_ms = (
            stage_times(response.headers["Server-Timing"]),
            (await response.json())["explain"]["stages_ms"],
        )
        assert told == {"tier": told["tier"], **stages_ms}
        for _ in range(2):
            response = await tier.client.post("/v1/search", json={"text": "lamp"})
        assert (await response.json())["cached"]
        assert list(stage_times(response.headers["Server-Timing"])) == ["tier", "cache"]


def test_of_many_partitions_the_first_stages_are_named() -> None:
    told = stage_times(server_timing(9.0, {f"shard-{number}": 1.0 for number in range(1024)}))
    assert list(told) == ["tier", *(f"shard-{number}" for number in range(STAGES_MAX))]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"text": "x" * QUERY_CHARS_MAX}, {"text": "x" * (QUERY_CHARS_MAX + 1)}),
        ({"limit": HITS_MAX}, {"limit": HITS_MAX + 1}),
        ({"limit": 1}, {"limit": 0}),
        ({"limit": 10, "page": SEARCH_DEPTH_MAX // 10}, {"limit": 10, "page": SEARCH_DEPTH_MAX // 10 + 1}),
        ({"filters": {"brand": ["b"] * FILTER_VALUES_MAX}}, {"filters": {"brand": ["b"] * (FILTER_VALUES_MAX + 1)}}),
        ({"filters": {"price_min": 1, "price_max": 1}}, {"filters": {"price_min": 2, "price_max": 1}}),
    ],
)
async def test_limits_at_n_and_beyond(good: dict[str, Any], bad: dict[str, Any]) -> None:
    async with Tier() as tier:
        assert (await tier.client.post("/v1/search", json=good)).status == 200
        response = await tier.client.post("/v1/search", json=bad)
        assert (response.status, response.content_type) == (400, "application/problem+json")
        problem = await response.json()
        assert problem["code"] == "invalid_request"
        assert problem["problems"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"text": "\\ud800"}', b'{"limit": NaN}', b'{"nope": 1}', b"\xff"])
async def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    async with Tier() as tier:
        response = await tier.client.post("/v1/search", data=body, headers={"Content-Type": "application/json"})
        assert response.status == 400
        assert tier.lines.lines == []


async def test_a_body_beyond_a_megabyte_is_refused() -> None:
    async with Tier() as tier:
        for extra, status in [(0, 200), (1, 413)]:
            body = b"{}" + b" " * (1_000_000 - 2 + extra)
            response = await tier.client.post("/v1/search", data=body, headers={"Content-Type": "application/json"})
            assert response.status == status


async def test_searches_at_once_at_the_limit_and_beyond() -> None:
    async with Tier() as tier:
        with ExitStack() as others:
            for _ in range(tier.wiring.searching.inside_max - 1):
                others.enter_context(tier.wiring.searching.inside())
            await tier.search(text="lamp")
            others.enter_context(tier.wiring.searching.inside())
            response = await tier.client.post("/v1/search", json={"text": "lamp"})
            assert (response.status, response.headers["Retry-After"]) == (429, "1")
        await tier.search(text="lamp")


async def test_a_shard_that_hangs_does_not_narrow_the_gate() -> None:
    async with Tier([[FakeShard(behave=stuck)]], search_budget_ms=20) as tier:
        for _ in range(10):
            assert await tier.unanswered(text="lamp") == ["shard-0"]
        assert tier.wiring.searching.inside_max == INSIDE_START
        tier.wiring.searching.loop_was(1.0)
        await tier.unanswered(text="lamp")
        assert tier.wiring.searching.inside_max < INSIDE_START
