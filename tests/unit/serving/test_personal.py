"""A session moves hits within bounds, for itself alone, and an answer without it says so."""

import asyncio
import base64
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from schemas.errors import Unavailable
from schemas.fusion import fuse
from schemas.limits import SESSION_CHARS_MAX
from schemas.personal import RERANK_WINDOW, moved
from schemas.served import Served
from schemas.sessions import SessionClick, SessionVector
from serving.keys.access import KEY_HEADER
from serving.tastes import PUTTING_MAX
from streams.memory_sessions import MemorySessions
from tests.unit.serving.fakes import ENCODER, FakeEncoding, FakeShard, Tier, hit, state
from tests.waiting import LIMIT_S

NOW_MS = 1_700_000_000_000
LAMP = [0.0, 1.0, 0.0, 0.0]
STRENGTH = 0.25


def shop() -> list[list[FakeShard]]:
    first = FakeShard(state(0), [hit("c", 0.9), hit("a", 0.5)], vectors={"c": LAMP}, affinities={"a": 0.9, "c": 0.1})
    second = FakeShard(state(1), [hit("b", 0.85), hit("d", 0.1)], vectors={"d": LAMP}, affinities={"b": 1.0, "d": 1.0})
    return [[first], [second]]


async def clicked(tier: Tier, *skus: str, session: str = "s") -> None:
    assert tier.sessions is not None
    await tier.sessions.count(
        7, [SessionClick(session, sku, "click", at, NOW_MS) for at, sku in enumerate(skus)], NOW_MS
    )


def skus(answer: dict[str, Any]) -> list[str]:
    return [item["sku"] for item in answer["hits"]]


async def settled(tier: Tier) -> None:
    """Vectors on their way back have arrived."""
    while tier.wiring.tastes._putting:
        await asyncio.sleep(0)


async def test_a_session_moves_its_own_hits_and_no_others() -> None:
    async with Tier(shop()) as tier:
        everyone = await tier.search(text="lamp")
        assert skus(everyone) == ["c", "b", "a", "d"]
        await clicked(tier, "d")
        personal = await tier.search(text="lamp", session="s")
        assert skus(personal) == ["b", "c", "a", "d"] and personal["degraded"] == []
        assert [item["affinity"] for item in personal["hits"]] == [1.0, 0.1, 0.9, 1.0]
        for others in ({}, {"session": "other"}, {"session": "s", "personalise": False}):
            found = await tier.search(text="lamp", **others)
            assert found["hits"] == everyone["hits"] and found["degraded"] == []


@pytest.mark.parametrize("mode", ["hybrid", "words"])
async def test_what_was_found_by_words_alone_moves_too(mode: str) -> None:
    shards = shop()
    shards[0][0].words, shards[0][0].affinities = {"a": 8.0, "c": 7.0}, {"a": 0.1, "c": 0.1}
    shards[1][0].words, shards[1][0].affinities = {"d": 7.5}, {"b": 0.0, "d": 1.0}
    async with Tier(shards, served_full_share=1.0) as tier:
        before = skus(await tier.search(text="lamp", mode=mode))
        await clicked(tier, "d")
        after = await tier.search(text="lamp", mode=mode, session="s", explain=True)
        assert after["degraded"] == [] and before.index("d") > skus(after).index("d")
        assert {item["sku"]: item["affinity"] for item in after["hits"]}["d"] == 1.0
        await tier.wiring.served.drain()
        *_, record = (Served.model_validate_json(r.value or b"") for rs in tier.log.read("served", 0, 0) for r in rs)
    assert record.personalised and record.inputs and record.inputs.word_affinities == {"a": 0.1, "c": 0.1, "d": 1.0}


async def test_without_the_encoder_a_session_moves_what_the_words_found() -> None:
    shards = shop()
    shards[0][0].words, shards[1][0].words = {"a": 8.0}, {"d": 7.9}
    async with Tier(shards, encoding=FakeEncoding(Unavailable("away"))) as tier:
        assert skus(await tier.search(text="lamp")) == ["a", "d"]
        await clicked(tier, "d")
        answer = await tier.search(text="lamp", session="s")
        assert (skus(answer), answer["degraded"]) == (["d", "a"], ["encode"])


async def test_pages_of_a_personal_answer_fit_together() -> None:
    async with Tier(shop()) as tier:
        await clicked(tier, "d")
        pages = [skus(await tier.search(text="lamp", session="s", limit=1, page=page)) for page in (1, 2, 3, 4)]
        assert [sku for page in pages for sku in page] == ["b", "c", "a", "d"]


async def test_the_shards_get_the_vector_and_how_much_it_counts() -> None:
    shards = shop()
    async with Tier(shards) as tier:
        await clicked(tier, "c", "d")
        await tier.search(text="lamp", session="s")
        taste = shards[0][0].queries[-1]["taste"]
        assert taste["strength"] == STRENGTH == shards[1][0].queries[-1]["taste"]["strength"]
        assert np.frombuffer(base64.b64decode(taste["vector"]), "<f2").tolist() == LAMP
        await tier.search(text="lamp")
        assert shards[0][0].queries[-1]["taste"] is None


async def test_a_vector_is_made_once_and_then_kept() -> None:
    shards = shop()
    async with Tier(shards) as tier:
        await clicked(tier, "c", "d")
        for _ in range(3):
            await tier.search(text="lamp", session="s")
            await settled(tier)
        assert len(shards[0][0].asked_vectors) == 1
        counted = [tier.counted("freshet_session_vectors_total", result=name) for name in ("made", "kept", "none")]
        assert counted == [1, 2, 0]
        await tier.search(text="lamp", session="unknown")
        assert tier.counted("freshet_session_vectors_total", result="none") == 1


async def test_a_vector_of_another_encoder_is_never_used() -> None:
    async with Tier(shop()) as tier:
        await clicked(tier, "c")
        assert tier.sessions is not None
        known = await tier.sessions.read("s")
        assert known
        other = SessionVector(known.history.place, "other", np.array([1, 0, 0, 0], "<f2").tobytes())
        await tier.sessions.put({"s": other}, 30_000)
        answer = await tier.search(text="lamp", session="s", explain=True)
        assert answer["explain"]["session"]["vector"] == "made"


@pytest.mark.parametrize(
    "fp16", [b"", b"x", np.array([9, 9], "<f2").tobytes(), np.array([np.nan] * 4, "<f2").tobytes()]
)
async def test_a_damaged_vector_is_made_again(fp16: bytes) -> None:
    async with Tier(shop()) as tier:
        await clicked(tier, "c")
        assert tier.sessions is not None
        known = await tier.sessions.read("s")
        assert known
        await tier.sessions.put({"s": SessionVector(known.history.place, ENCODER, fp16)}, 30_000)
        answer = await tier.search(text="lamp", session="s", explain=True)
        assert answer["explain"]["session"]["vector"] == "made" and answer["degraded"] == []


async def test_a_vector_of_another_dimension_moves_nothing() -> None:
    async with Tier(shop()) as tier:
        await clicked(tier, "c")
        assert tier.sessions is not None
        known = await tier.sessions.read("s")
        assert known
        short = SessionVector(known.history.place, ENCODER, np.array([1, 0], "<f2").tobytes())
        await tier.sessions.put({"s": short}, 30_000)
        answer = await tier.search(text="lamp", session="s")
        assert skus(answer) == ["c", "b", "a", "d"] and answer["degraded"] == ["session"]


async def test_a_store_that_is_away_is_named_and_everyone_gets_an_answer() -> None:
    async with Tier(shop()) as tier:
        await clicked(tier, "d")
        assert isinstance(tier.sessions, MemorySessions)
        tier.sessions.error = Unavailable("away")
        answer = await tier.search(text="lamp", session="s")
        assert skus(answer) == ["c", "b", "a", "d"] and answer["degraded"] == ["session"]
        assert tier.counted("freshet_degraded_total", stage="session") == 1
        assert (await tier.client.get("/v1/sessions/s")).status == 503
        assert (await tier.client.delete("/v1/sessions/s")).status == 503


async def test_a_store_that_never_answers_costs_its_share_of_the_budget() -> None:
    class Stuck(MemorySessions):
        async def read(self, session: str) -> Any:
            await asyncio.Event().wait()

    async with Tier(shop(), sessions=Stuck(lambda: 0.0), search_budget_ms=60) as tier:
        answer = await tier.search(text="lamp", session="s")
        assert answer["degraded"] == ["session"] and len(answer["hits"]) == 4


async def test_a_look_up_is_given_up_after_its_time_wherever_it_waits() -> None:
    class Stuck(MemorySessions):
        async def read(self, session: str) -> Any:
            await asyncio.Event().wait()

    async with Tier(shop(), sessions=Stuck(lambda: 0.0)) as tier, asyncio.timeout(LIMIT_S):
        with pytest.raises(Unavailable, match="not looked up within"):
            await tier.wiring.tastes.of("s", 0.01)
        assert tier.counted("freshet_session_vectors_total", result="away") == 1


async def test_when_the_shard_gives_no_vector_the_session_is_left_out() -> None:
    async def broken() -> web.Response:
        return web.Response(status=500)

    shards = shop()
    async with Tier(shards) as tier:
        await clicked(tier, "c")
        shards[0][0].behave = broken
        answer = await tier.search(text="lamp", session="s")
        assert answer["degraded"] == ["session", "shard-0"] and skus(answer) == ["b", "d"]


async def test_products_that_are_gone_move_nothing() -> None:
    async with Tier(shop()) as tier:
        await clicked(tier, "gone")
        answer = await tier.search(text="lamp", session="s")
        assert skus(answer) == ["c", "b", "a", "d"] and answer["degraded"] == []


async def test_without_text_or_without_the_encoder_it_is_newest_first_for_all() -> None:
    encoding = FakeEncoding()
    async with Tier(shop(), encoding=encoding) as tier:
        await clicked(tier, "d")
        assert (await tier.search(session="s"))["hits"] == (await tier.search())["hits"]
        encoding.error = Unavailable("away")
        answer = await tier.search(text="lamp", session="s")
        assert answer["degraded"] == ["encode"] and answer["hits"] == (await tier.search())["hits"]


async def test_it_can_be_switched_off() -> None:
    class NeverAsked(MemorySessions):
        async def read(self, session: str) -> Any:
            raise AssertionError("it is off")

    async with Tier(shop(), sessions=NeverAsked(lambda: 0.0), personalise_strength=0.0) as tier:
        answer = await tier.search(text="lamp", session="s")
        assert skus(answer) == ["c", "b", "a", "d"] and answer["degraded"] == []


async def test_the_answer_explains_what_the_session_did() -> None:
    shards = shop()
    async with Tier(shards) as tier:
        await clicked(tier, "d", "c")
        explain = (await tier.search(text="lamp", session="s", explain=True, limit=2))["explain"]
        assert [(item["sku"], item["type"], item["age_s"]) for item in explain["session"]["items"]] == [
            ("c", "click", 0.0),
            ("d", "click", 0.0),
        ]
        assert explain["session"]["strength"] == STRENGTH and explain["session"]["window"] == RERANK_WINDOW
        moves = explain["moves"]
        assert {sku: (move["rank_before"], move["rank"]) for sku, move in moves.items()} == {"b": (2, 1), "c": (1, 2)}
        assert moves["b"]["affinity"] == 1.0 and moves["b"]["ranked_by"] == pytest.approx(
            (1 - STRENGTH) * 0.75 / 0.8 + STRENGTH
        )
        assert shards[0][0].queries[-1]["depth"] == RERANK_WINDOW
        plain = (await tier.search(text="lamp", explain=True))["explain"]
        assert plain["session"] is None and plain["moves"] == {}


@pytest.mark.parametrize(
    ("key", "sent", "told"), [("k", "k", True), ("k", "x", False), ("k", "", False), ("", "", True)]
)
async def test_what_a_session_did_is_explained_to_who_has_the_key(key: str, sent: str, told: bool) -> None:
    async with Tier(shop(), admin_key=key) as tier:
        await clicked(tier, "d")
        headers = {KEY_HEADER: sent} if sent else {}
        body = {"text": "lamp", "session": "s", "explain": True}
        response = await tier.client.post("/v1/search", json=body, headers=headers)
        explain = (await response.json())["explain"]
        assert ("session" in explain) is told and set(explain["moves"]) == {"a", "b", "c", "d"}


async def test_the_served_log_says_which_session_and_what_it_was_asked_with() -> None:
    async with Tier(shop(), served_full_share=1.0) as tier:
        await clicked(tier, "d")
        await tier.search(text="lamp", session="s")
        await tier.search(text="lamp", session="s", personalise=False)
        await tier.wiring.served.drain()
        personal, plain = (
            Served.model_validate_json(r.value or b"") for rs in tier.log.read("served", 0, 0) for r in rs
        )
        assert personal.inputs and plain.inputs
        assert (personal.session, personal.personalised, plain.session, plain.personalised) == ("s", True, "s", False)
        assert personal.inputs.session_strength == STRENGTH and plain.inputs.session_vector is None
        raw = base64.b64decode(personal.inputs.session_vector or "")
        assert np.frombuffer(raw, "<f2").tolist() == LAMP
        assert {one.sku: one.affinity for part in personal.inputs.candidates.values() for one in part}["b"] == 1.0


async def test_a_personal_answer_follows_from_its_record() -> None:
    async with Tier(shop(), served_full_share=1.0) as tier:
        await clicked(tier, "d")
        shown = skus(await tier.search(text="lamp", session="s", limit=3))
        await tier.wiring.served.drain()
        (record,) = (Served.model_validate_json(r.value or b"") for rs in tier.log.read("served", 0, 0) for r in rs)
    assert record.inputs and record.inputs.session_strength is not None
    strength = record.inputs.session_strength
    candidates = [one for part in record.inputs.candidates.values() for one in part]
    near = sorted(((one.sku, one.score or 0.0) for one in candidates), key=lambda one: (-one[1], one[0]))
    drawn = {one.sku: one.affinity for one in candidates if one.affinity is not None}
    ranked = moved(fuse(near, [], record.inputs.words_share), drawn, strength)
    assert [one.sku for one in ranked[:3]] == shown == record.skus


@pytest.mark.parametrize(("chars", "status"), [(SESSION_CHARS_MAX, 200), (SESSION_CHARS_MAX + 1, 400)])
async def test_the_length_of_a_session_is_limited(chars: int, status: int) -> None:
    async with Tier(shop()) as tier:
        response = await tier.client.post("/v1/search", json={"text": "lamp", "session": "s" * chars})
        assert response.status == status
        assert (await tier.client.delete("/v1/sessions/" + "s" * chars)).status == status


async def test_vectors_on_their_way_back_are_limited() -> None:
    class Slow(MemorySessions):
        async def put(self, vectors: Any, ttl_ms: int) -> int:
            await asyncio.Event().wait()
            return 0

    async with Tier(shop(), sessions=Slow(lambda: 0.0)) as tier:
        for number in range(PUTTING_MAX + 1):
            await clicked(tier, "d", session=f"s{number}")
            await tier.wiring.tastes.of(f"s{number}", 1.0)
        assert len(tier.wiring.tastes._putting) == PUTTING_MAX


async def test_what_is_known_of_a_session_and_how_it_is_forgotten() -> None:
    async with Tier(shop()) as tier:
        assert (await tier.client.get("/v1/sessions/s%2F1")).status == 404
        await clicked(tier, "d", "c", session="s/1")
        found = await (await tier.client.get("/v1/sessions/s%2F1")).json()
        assert [(item["sku"], item["type"]) for item in found["items"]] == [("c", "click"), ("d", "click")]
        assert sum(item["weight"] for item in found["items"]) == pytest.approx(1)
        assert (found["session"], found["counted_to"], found["vector"], found["encoder"]) == ("s/1", 1, False, "")
        await tier.search(text="lamp", session="s/1")
        await settled(tier)
        found = await (await tier.client.get("/v1/sessions/s%2F1")).json()
        assert (found["vector"], found["encoder"]) == (True, ENCODER)
        for items in (True, False):
            response = await tier.client.delete("/v1/sessions/s%2F1")
            assert await response.json() == {"session": "s/1", "items": items}
        assert (await tier.client.get("/v1/sessions/s%2F1")).status == 404
