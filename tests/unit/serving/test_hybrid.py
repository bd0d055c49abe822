"""Hits by words and by meaning in one list; one of the two may be away, and the answer says so."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from schemas.errors import Unavailable
from schemas.fusion import DEPTH, WORDS_SHARE
from schemas.served import Served
from serving.breaker import FAILURES_MAX, Circuit
from serving.replica import WORDS
from tests.unit.serving.fakes import FakeEncoding, FakeShard, Tier, hit, state


def shop() -> list[list[FakeShard]]:
    """By meaning c, b, a, d; by words d, a."""
    first = FakeShard(state(0), [hit("c", 0.9), hit("a", 0.5)], words={"a": 6.0})
    second = FakeShard(state(1), [hit("b", 0.85), hit("d", 0.1)], words={"d": 8.0})
    return [[first], [second]]


def skus(answer: dict[str, Any]) -> list[str]:
    return [item["sku"] for item in answer["hits"]]


async def broken() -> web.Response:
    return web.Response(status=500)


async def stuck() -> None:
    await asyncio.Event().wait()


async def test_both_lists_count() -> None:
    async with Tier(shop()) as tier:
        answer = await tier.search(text="lamp")
        assert skus(answer) == ["a", "c", "d", "b"] and answer["degraded"] == []
        a, c, d, _ = answer["hits"]
        assert (a["words"], a["score"], a["relevance"]) == (6.0, 0.5, pytest.approx(WORDS_SHARE * 0.75 + 0.25))
        assert (c["words"], c["score"], c["relevance"]) == (None, 0.9, pytest.approx(1 - WORDS_SHARE))
        assert (d["words"], d["score"], d["relevance"]) == (8.0, 0.1, WORDS_SHARE)


async def test_one_of_them_can_be_asked_for_alone() -> None:
    shards = shop()
    async with Tier(shards) as tier:
        assert skus(await tier.search(text="lamp", mode="words")) == ["d", "a"]
        assert tier.encoding.texts == []
        assert skus(await tier.search(text="lamp", mode="vector")) == ["c", "b", "a", "d"]
        assert len(shards[0][0].asked_words) == 1
        shards[0][0].words = shards[1][0].words = {}
        assert skus(await tier.search(text="lamp", mode="words", fallback=[])) == []


async def test_without_the_encoder_words_alone() -> None:
    async with Tier(shop(), encoding=FakeEncoding(Unavailable("loading"))) as tier:
        answer = await tier.search(text="lamp")
        assert (skus(answer), answer["degraded"]) == (["d", "a"], ["encode"])
        assert [item["relevance"] for item in answer["hits"]] == [1.0, 0.75]


@pytest.mark.parametrize("away", [broken, stuck])
async def test_without_words_the_meaning_alone(away: Any) -> None:
    shards = shop()
    shards[0][0].behave_words = shards[1][0].behave_words = away
    async with Tier(shards, search_budget_ms=400) as tier:
        answer = await tier.search(text="lamp")
        assert (skus(answer), answer["degraded"]) == (["c", "b", "a", "d"], ["words-0", "words-1"])


async def test_an_index_that_is_away_is_named_and_no_fault_of_the_replica() -> None:
    shards = shop()
    shards[1][0].words_say = {"skus": [], "scores": [], "missing": "the disk is full"}
    async with Tier(shards) as tier:
        for _ in range(10):
            answer = await tier.search(text="lamp")
            assert answer["degraded"] == ["words-1"] and set(skus(answer)) == set("abcd")


@pytest.mark.parametrize("away", ["missing", "broken", "stuck"])
async def test_a_replica_without_words_is_asked_for_the_rest(away: str) -> None:
    """Another one gives the words; one that hangs is found out too, though the words' time ends before the search's."""
    bad, good = (FakeShard(state(0, number), [hit("a", 0.5)], words={"a": 6.0}) for number in range(2))
    if away == "missing":
        bad.words_say = {"skus": [], "scores": [], "missing": "the disk is full"}
    else:
        bad.behave_words = broken if away == "broken" else stuck
    async with Tier([[bad, good]], search_budget_ms=200 if away == "stuck" else 5_000) as tier:
        lacking = []
        while len(bad.asked_words) <= FAILURES_MAX or len(bad.queries) < 2:
            lacking += (await tier.search(text="lamp"))["degraded"]
        of_bad, of_good = tier.wiring.shards.router.replicas(0)
        assert of_bad.breaker_of(WORDS).circuit is not Circuit.CLOSED and of_bad.broken
        assert of_bad.breaker_of("search").circuit is Circuit.CLOSED and not of_good.broken
        assert set(lacking) <= ({"words-0"} if away == "stuck" else set())


async def test_what_a_shard_no_longer_shows_is_left_out() -> None:
    shards = shop()
    shards[0][0].words = {"gone": 99.0, "a": 6.0}
    shards[0][0].gone = ["gone"]
    async with Tier(shards) as tier:
        assert skus(await tier.search(text="lamp")) == ["a", "c", "d", "b"]


async def test_a_shard_without_an_answer_gives_no_words_either() -> None:
    shards = shop()
    shards[1][0].behave = broken
    async with Tier(shards) as tier:
        answer = await tier.search(text="lamp")
        assert (set(skus(answer)), answer["degraded"]) == ({"c", "a"}, ["shard-1"])


async def test_a_hit_that_no_shard_sent_along_is_fetched() -> None:
    many = [hit(f"n{number:02}", 0.9 - number / 100) for number in range(40)]
    shard = FakeShard(state(0), many, words={"n39": 5.0})
    other = FakeShard(state(1), [])
    async with Tier([[shard], [other]]) as tier:
        answer = await tier.search(text="lamp", limit=2)
        assert (skus(answer), shard.asked_hits, other.asked_hits) == (["n00", "n39"], [["n39"]], [])
        assert answer["hits"][1]["words"] == 5.0 and answer["hits"][1]["score"] == pytest.approx(0.51)


async def test_pages_fit_together() -> None:
    many = [hit(f"n{number:02}", 0.9 - number / 100) for number in range(30)]
    shard = FakeShard(state(0), many, words={f"n{number:02}": float(number) for number in range(29, 0, -2)})
    async with Tier([[shard]]) as tier:
        whole = skus(await tier.search(text="lamp", limit=30))
        pages = [skus(await tier.search(text="lamp", limit=10, page=page)) for page in (1, 2, 3)]
        assert [sku for page in pages for sku in page] == whole and len(set(whole)) == 30


async def test_shards_are_asked_as_deep_as_the_scale_needs() -> None:
    shards = shop()
    async with Tier(shards) as tier:
        await tier.search(text="lamp", typing=True, filters={"in_stock": True})
        asked = shards[0][0].asked_words[0]
        assert (asked["text"], asked["typing"], asked["limit"]) == ("lamp", True, DEPTH)
        assert asked["filters"]["in_stock"] is True
        query = shards[0][0].queries[0]
        assert (query["words"], query["words_share"], query["depth"]) == ({"a": 6.0}, WORDS_SHARE, DEPTH)


async def test_explain_tells_each_hits_place_in_both_lists() -> None:
    shards = shop()
    shards[1][0].words_say = {"matching": 7, "codes": ["d1"]}
    async with Tier(shards) as tier:
        explain = (await tier.search(text="lamp", explain=True))["explain"]
        assert explain["words"] == {"share": 0.9, "matching": {"0": 0, "1": 7}, "unknown": [], "codes": ["d1"]}
        assert explain["hits"]["d"]["words"] == {"rank": 1, "score": 8.0}
        assert explain["hits"]["d"]["meaning"] == {"rank": 4, "score": 0.1}
        assert explain["candidates"]["1"] == {"words": 1, "meaning": 2}


async def test_the_served_log_keeps_what_the_words_gave() -> None:
    async with Tier(shop(), served_full_share=1.0) as tier:
        answer = await tier.search(text="lamp")
        await tier.wiring.served.drain()
        (record,) = (Served.model_validate_json(r.value or b"") for rs in tier.log.read("served", 0, 0) for r in rs)
        assert record.skus == skus(answer) and record.inputs is not None
        assert record.inputs.words == {"0": {"a": 6.0}, "1": {"d": 8.0}}
        assert (record.inputs.words_share, record.inputs.gone) == (WORDS_SHARE, [])
        assert {one.sku for part in record.inputs.candidates.values() for one in part} == set("abcd")
