"""A kept answer is given again only while every shard would make it from the same state, and never across sessions."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from agents.shard_endpoint import ShardEndpoint
from index_snapshots.apply import apply
from index_snapshots.protocol import Offsets
from index_snapshots.word_feed import WordFeed
from schemas.filters import Filters
from schemas.hits import ShardState
from schemas.served import Served
from serving.answer_cache import KEEP_S, OVERHEAD_BYTES
from serving.keys.minting import new_key
from tests.unit.index_snapshots.making import FACETS, ORIGIN, content, document, logged, shard
from tests.unit.serving.fakes import Clock, FakeShard, Tier, hit, state
from tests.unit.serving.test_access import stored


def shop() -> list[list[FakeShard]]:
    return [[FakeShard(state(0), [hit("a", 0.9)], words={"a": 1.0})], [FakeShard(state(1), [hit("b", 0.5)])]]


async def test_an_answer_is_given_again_and_says_so() -> None:
    shards = shop()
    async with Tier(shards, answer_cache_mb=32.0) as tier:
        first = await tier.search(text="lamp")
        again = await tier.search(text="lamp")
        assert (first["cached"], again["cached"], again["replayable"]) == (False, True, False)
        own = {"request_id", "took_ms", "cached", "replayable"}
        assert {key: first[key] for key in first if key not in own} == {
            key: again[key] for key in again if key not in own
        }
        assert again["request_id"] != first["request_id"]
        assert [len(group[0].queries) for group in shards] == [1, 1]
        assert tier.counted("freshet_answer_cache_total", result="hit") == 1
        await tier.wiring.served.drain()
        records = [
            Served.model_validate_json(one.value)
            for at in (0, 1)
            for batch in tier.log.read("served", at, 0)
            for one in batch
        ]
        assert sorted((one.request_id, one.cached, tuple(one.skus)) for one in records) == [
            ("r0", False, ("a", "b")),
            ("r1", True, ("a", "b")),
        ]


@pytest.mark.parametrize("moved", [0, 1])
@pytest.mark.parametrize("offsets", [{"documents": 11}, {"offers": 11}])
async def test_a_shard_that_has_moved_on_is_searched_again(moved: int, offsets: dict[str, int]) -> None:
    shards = shop()
    async with Tier(shards, answer_cache_mb=32.0) as tier:
        await tier.search(text="lamp")
        shards[moved][0].state = state(moved, **offsets)
        shards[moved][0].hits = [hit("new", 0.95)]
        assert "new" in [item["sku"] for item in (await tier.search(text="lamp"))["hits"]]
        assert tier.counted("freshet_answer_cache_total", result="stale") == 1
        assert (await tier.search(text="lamp"))["cached"] is True


@pytest.mark.parametrize("when", ["kept", "asked"])
async def test_words_that_lag_behind_their_state_are_searched_again(when: str) -> None:
    shards = shop()
    async with Tier(shards, answer_cache_mb=32.0) as tier:
        shards[0][0].settled = when == "asked"
        await tier.search(text="lamp")
        shards[0][0].settled = when == "kept"
        assert (await tier.search(text="lamp"))["cached"] is False


async def test_a_shard_that_does_not_say_where_it_stands_is_searched() -> None:
    shards = shop()
    async with Tier(shards, answer_cache_mb=32.0) as tier:
        await tier.search(text="lamp")
        shards[1][0].state = state(0)  # answers for another partition
        assert (await tier.search(text="lamp"))["degraded"] == ["shard-1"]
        shards[1][0].state = state(1)
        assert (await tier.search(text="lamp"))["cached"] is False  # what was incomplete was not kept


@pytest.mark.parametrize(
    "other",
    [
        {"text": "lamps"},
        {"limit": 9},
        {"page": 2},
        {"filters": {"in_stock": True}},
        {"mode": "vector"},
        {"typing": True},
        {"ranker": "none"},
        {"mmr_lambda": 0.5},
        {"understand": []},
        {"locale": "de"},
    ],
)
async def test_whatever_is_asked_otherwise_is_another_answer(other: dict[str, Any]) -> None:
    async with Tier(shop(), answer_cache_mb=32.0) as tier:
        await tier.search(text="lamp")
        assert (await tier.search(**{"text": "lamp", **other}))["cached"] is False


async def test_what_the_tier_knows_and_what_a_key_may_see_count_too() -> None:
    async with Tier(shop(), answer_cache_mb=32.0) as tier:
        await tier.search(text="lamp")
        free, narrow = new_key("freekey0"), new_key("narrow00")
        tier.wiring.access.ring.use([stored(free, "search"), stored(narrow, "search", filters=Filters(in_stock=True))])
        for key, cached in ((free, True), (narrow, False), (narrow, True), (free, True)):
            keyed = await tier.client.post("/v1/search", json={"text": "lamp"}, headers={"X-Freshet-Key": key})
            assert (await keyed.json())["cached"] is cached
        tier.wiring.ranking.popular.version += 1
        assert (await tier.search(text="lamp"))["cached"] is False
        tier.wiring.vocabulary.version += 1
        assert (await tier.search(text="lamp"))["cached"] is False
        tier.wiring.synonyms.use([])
        assert (await tier.search(text="lamp"))["cached"] is False
        assert (await tier.search(text="lamp"))["cached"] is True


async def test_never_across_sessions() -> None:
    async with Tier(shop(), answer_cache_mb=32.0) as tier:
        await tier.search(text="lamp", session="s")
        await tier.search(text="lamp", session="t")
        assert (await tier.search(text="lamp", session="s"))["cached"] is False
        await tier.search(text="lamp")
        assert (await tier.search(text="lamp", session="s"))["cached"] is False
        assert (await tier.search(text="lamp", session="s", personalise=False))["cached"] is True
        await tier.wiring.served.drain()
        records = [
            Served.model_validate_json(one.value)
            for at in (0, 1)
            for batch in tier.log.read("served", at, 0)
            for one in batch
        ]
        assert [one.session for one in records if one.cached] == ["s"]


async def test_explained_answers_are_made_anew_and_tell_whether_one_is_kept() -> None:
    async with Tier(shop(), answer_cache_mb=32.0) as tier:
        assert (await tier.search(text="lamp", explain=True))["explain"]["kept"] is False
        await tier.search(text="lamp")
        answer = await tier.search(text="lamp", explain=True)
        assert (answer["cached"], answer["explain"]["kept"]) == (False, True)


async def test_answers_that_must_not_be_older_than_something_are_made_anew() -> None:
    async with Tier(shop(), answer_cache_mb=32.0) as tier:
        token = (await tier.search(text="lamp"))["read_token"]
        assert (await tier.search(text="lamp", at_least=token))["cached"] is False


async def test_whoever_wants_it_anew_gets_it_anew() -> None:
    async with Tier(shop(), answer_cache_mb=32.0) as tier:
        await tier.search(text="lamp")
        for header, cached in (("no-cache", False), ("max-age=0", True)):
            response = await tier.client.post("/v1/search", json={"text": "lamp"}, headers={"Cache-Control": header})
            assert (await response.json())["cached"] is cached


async def test_what_is_not_to_be_stored_is_embedded_anew_and_kept_nowhere() -> None:
    async with Tier(shop(), answer_cache_mb=32.0) as tier:

        async def ask(text: str, control: str) -> bool:
            asked = await tier.client.post("/v1/search", json={"text": text}, headers={"Cache-Control": control})
            return bool((await asked.json())["cached"])

        assert not await ask("lamp", "no-store") and not await ask("lamp", "no-store")
        assert tier.encoding.texts == ["lamp", "lamp"]
        assert not await ask("lamp", "") and await ask("lamp", "")
        assert not await ask("lamp", "no-store") and tier.encoding.texts == ["lamp"] * 4


@pytest.mark.parametrize(("later_s", "cached"), [(KEEP_S, True), (KEEP_S + 0.1, False)])
async def test_no_answer_is_kept_for_long(later_s: float, cached: bool) -> None:
    clock = Clock()
    async with Tier(shop(), answer_cache_mb=32.0, clock=clock) as tier:
        await tier.search(text="lamp")
        clock.now_s += later_s
        assert (await tier.search(text="lamp"))["cached"] is cached


async def test_it_is_bounded_by_bytes_and_the_longest_unused_goes_first() -> None:
    async with Tier(shop(), answer_cache_mb=32.0) as tier:
        await tier.search(text="one")
        nbytes = tier.counted("freshet_answer_cache_bytes")
        assert nbytes > OVERHEAD_BYTES
    async with Tier(shop(), answer_cache_mb=(2 * nbytes + 10) / 1e6) as tier:
        for text in ("one", "two", "one", "six"):
            await tier.search(text=text)
        assert tier.counted("freshet_answer_cache_bytes") == 2 * nbytes
        assert [(await tier.search(text=text))["cached"] for text in ("one", "six", "two")] == [True, True, False]
    for mb in ((nbytes - 1) / 1e6, 0.0):
        async with Tier(shop(), answer_cache_mb=mb) as tier:
            await tier.search(text="one")
            assert (await tier.search(text="one"))["cached"] is False
            assert tier.counted("freshet_answer_cache_bytes") == 0


class RealShard(FakeShard):
    """A real shard with its words, behind its real endpoint."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.writer = shard()
        self.feed = WordFeed(folder, self.writer.view, FACETS)
        self.writer.feed(self.feed)

    def write(self, *titles: str) -> int:
        """Each product's title is its SKU with a word more; returns the offset after them."""
        start = self.writer.view.offsets.documents
        records = [document(title.split()[0], start + at + 1, of=content(title)) for at, title in enumerate(titles)]
        apply(logged("documents", records, start), self.writer)
        return start + len(titles)

    def app(self) -> web.Application:
        def state_at(partition: int, offsets: Offsets) -> ShardState:
            return state(partition, documents=offsets[0], offers=offsets[1])

        kept = SimpleNamespace(shard=self.writer, origin=ORIGIN, words=self.feed)
        agent: Any = SimpleNamespace(caught_up=True, kept={0: kept}, state=state_at)
        endpoint = ShardEndpoint(agent)
        endpoint.state = self._state  # type: ignore[method-assign]
        return endpoint.app(SimpleNamespace(add_to=lambda app: None))  # type: ignore[arg-type]


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[RealShard]:
    made = RealShard(tmp_path)
    yield made
    made.feed.close()


async def test_a_changed_product_shows_at_once_under_a_stream(real: RealShard) -> None:
    """The rule, on a real shard: whatever stands in the shard stands in the next answer, though answers are kept."""
    cached = 0
    async with Tier([[real]], answer_cache_mb=32.0, served_full_share=0.0) as tier:
        for number in range(20):
            real.write(f"a lamp{number}", f"b{number} chair")
            answers = [await tier.search(text="", limit=50) for _ in range(3)]
            for answer in answers:
                shown = {item["sku"]: item["content"]["title"] for item in answer["hits"]}
                assert shown["a"] == f"a lamp{number}" and f"b{number}" in shown
            cached += sum(answer["cached"] for answer in answers)
            if number % 5 == 0:
                assert real.feed.wait(real.writer.view.offsets.documents, 30)
                by_words = [await tier.search(text=f"lamp{number}", mode="words") for _ in range(2)]
                assert [[item["sku"] for item in answer["hits"]] for answer in by_words] == [["a"], ["a"]]
                assert by_words[1]["cached"] is True
                cached += 1
    assert cached == 20 * 2 + 4
