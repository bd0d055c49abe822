"""`/v1/suggest`: all shards and the popular queries as one answer; a shard that is away is named; nobody is told on."""

import asyncio
from typing import Any

import orjson
import pytest
from aiohttp import web

from schemas.suggest import SUGGEST_CHARS_MAX, SUGGESTIONS_MAX
from serving.suggest.popular import HALF_LIFE_MS, POPULAR_CHARS_MAX, PopularQueries
from streams.reader import LogRecord
from tests.unit.serving.fakes import Clock, FakeShard, Tier, state


def shards() -> list[list[FakeShard]]:
    def name(words: list[str], products: int, *rank: int) -> dict[str, Any]:
        return {"name": words, "products": products, "rank": rank}

    first = {
        "products": [{"sku": "a", "title": "Lamp", "score": 2.0}, {"sku": "b", "title": "Lamp post", "score": 1.0}],
        "brands": [name(["Lumen"], 2, 0, 0, 0), name(["Lampe"], 9, 0, 1, 0)],
        "categories": [name(["Home", "Lamps"], 3, 0, 0, 0)],
    }
    second = {
        "products": [{"sku": "c", "title": "Lamp", "score": 3.0}],
        "brands": [name(["Lux"], 4, 0, 0, 0), name(["Lumen"], 3, 0, 0, 0)],
        "categories": [name(["Home", "Lamps"], 4, 0, 0, 0), name(["Lamps"], 5, 0, 0, 1)],
    }
    return [[FakeShard(state(0), suggestions=first)], [FakeShard(state(1), suggestions=second)]]


async def ask(tier: Tier, **parameters: Any) -> dict[str, Any]:
    response = await tier.client.get("/v1/suggest", params=parameters)
    assert response.status == 200, await response.text()
    found: dict[str, Any] = await response.json()
    return found


async def test_what_all_shards_suggest_is_one_list_of_each_kind() -> None:
    async with Tier(shards()) as tier:
        answer = await ask(tier, text="lam")
        assert answer["products"] == [{"sku": "c", "title": "Lamp"}, {"sku": "b", "title": "Lamp post"}]
        assert [(one["name"], one["products"]) for one in answer["brands"]] == [("Lumen", 5), ("Lux", 4), ("Lampe", 9)]
        assert [(one["path"], one["products"]) for one in answer["categories"]] == [
            (["Home", "Lamps"], 7), (["Lamps"], 5)
        ]  # fmt: skip
        assert answer["degraded"] == [] and answer["queries"] == []
        response = await tier.client.post("/v1/suggest", json={"text": "lam", "limit": 1, "kinds": ["brands"]})
        posted = await response.json()
        assert [one["name"] for one in posted["brands"]] == ["Lumen"]
        assert tier.replicas[0][0].asked_suggestions[-1]["kinds"] == ["brands"]


async def test_a_shard_that_is_away_or_late_is_named() -> None:
    async def broken() -> web.Response:
        return web.Response(status=500)

    async def stuck() -> None:
        await asyncio.Event().wait()

    both = shards()
    for behave in (broken, stuck):
        both[1][0].behave_suggest = behave
        async with Tier(both) as tier:
            answer = await ask(tier, text="lam")
            assert (answer["products"][0]["sku"], answer["degraded"]) == ("a", ["shard-1"])
            assert tier.counted("freshet_suggest_degraded_total", stage="shard-1") == 1
    both[1][0].behave_suggest = None
    both[1][0].suggestions |= {"products": [], "missing": "the disk is full"}
    async with Tier(both) as tier:
        answer = await ask(tier, text="lam")
        assert answer["degraded"] == ["words-1"] and answer["brands"][0]["products"] == 5


async def test_nothing_typed_asks_nobody() -> None:
    async with Tier(shards()) as tier:
        answer = await ask(tier, text="  ")
        assert answer["products"] == answer["brands"] == []
        assert tier.replicas[0][0].asked_suggestions == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"text": "x" * SUGGEST_CHARS_MAX}, {"text": "x" * (SUGGEST_CHARS_MAX + 1)}),
        ({"text": "x", "limit": SUGGESTIONS_MAX}, {"text": "x", "limit": SUGGESTIONS_MAX + 1}),
        ({"text": "x", "limit": 1}, {"text": "x", "limit": 0}),
        ({"text": "x", "kinds": "brands"}, {"text": "x", "kinds": "nope"}),
        ({}, {"limit": "many"}),
        ({}, {"limit": "9" * 5_000}),
        ({}, {"kinds": ""}),
    ],
)
async def test_limits_at_n_and_beyond(good: dict[str, Any], bad: dict[str, Any]) -> None:
    async with Tier() as tier:
        await ask(tier, **good)
        response = await tier.client.get("/v1/suggest", params=bad)
        assert (response.status, (await response.json())["code"]) == (400, "invalid_request")


def asked(text: str, session: str | None = "s1", **more: Any) -> LogRecord:
    record = {"request_id": f"r{id(object())}", "at_ms": 1_000, "text": text, "page": 1, "session": session}
    record |= {"found": 3, "skus": ["a"], "typing": False, "fallback": None}
    return LogRecord("served", 0, 0, None, orjson.dumps(record | more), 0)


def texts(popular: PopularQueries, typed: str) -> list[str]:
    return [one.text for one in popular.suggested(typed, 10)]


def test_a_query_is_suggested_once_enough_different_sessions_have_asked_it() -> None:
    popular = PopularQueries(3, clock=Clock())
    popular.add([asked("Red  LAMP", session) for session in ("s1", "s2", "s1", "s2")])
    assert texts(popular, "red") == []
    popular = PopularQueries(3, clock=Clock())
    popular.add([asked("Red  LAMP", session) for session in ("s1", "s2", "s3")])
    assert texts(popular, "re") == texts(popular, "lam") == texts(popular, "red la") == ["red lamp"]
    assert texts(popular, "red lamp") == texts(popular, "blue la") == []
    nobody = PopularQueries(0)
    nobody.add([asked("red lamp", session) for session in ("s1", "s2", "s3")])
    assert texts(nobody, "re") == [] and len(nobody) == 0


@pytest.mark.parametrize(
    "record",
    [
        asked("red lamp", found=0, skus=[]),
        asked("red lamp", fallback={"step": "meaning"}),
        asked("red lamp", typing=True),
        asked("red lamp", page=2),
        asked("jo@shop.example"),
        asked("order 12345"),
        asked("+49 171 234 567"),
        asked("red\x07lamp"),
        asked("x" * (POPULAR_CHARS_MAX + 1)),
        asked(""),
        LogRecord("served", 0, 0, None, b"garbage", 0),
        LogRecord("served", 0, 0, None, b"[]", 0),
        LogRecord("served", 0, 0, None, None, 0),
    ],
)
def test_what_is_never_suggested(record: LogRecord) -> None:
    popular = PopularQueries(1)
    popular.add([record, asked("x" * POPULAR_CHARS_MAX)])
    assert len(popular) == 1


def test_what_was_asked_lately_comes_first_and_the_least_asked_is_forgotten() -> None:
    clock = Clock()
    popular = PopularQueries(1, queries_max=4, clock=clock)
    popular.add([asked("lamp old"), asked("lamp old"), asked("lamp old")])
    clock.now_s += 1
    popular.add([asked("lamp new", at_ms=1_000 + 3 * HALF_LIFE_MS)])
    assert texts(popular, "lamp") == ["lamp new", "lamp old"]
    popular.add([asked("lamp old", at_ms=1_000 + 3 * HALF_LIFE_MS), asked("lamp a"), asked("lamp b")])
    assert len(popular) == 4
    popular.add([asked("lamp c")])
    assert len(popular) == 3
    clock.now_s += 60
    popular.add([asked("lamp old")])
    assert texts(popular, "lamp")[0] == "lamp old" and len(texts(popular, "lamp")) == 3


@pytest.mark.parametrize("suggested_max", [1, 2])
def test_so_many_can_be_suggested_those_asked_most(suggested_max: int) -> None:
    popular = PopularQueries(1, suggested_max=suggested_max, clock=Clock())
    popular.add([asked("lamp b"), asked("lamp a"), asked("lamp a")])
    assert texts(popular, "lamp") == ["lamp a", "lamp b"][:suggested_max]
