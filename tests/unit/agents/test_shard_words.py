"""`POST /words` and `/hits` of a shard, and how `/search` takes what was found by words."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from agents.shard_endpoint import ShardEndpoint
from index_snapshots import word_feed
from index_snapshots.apply import apply
from index_snapshots.protocol import Offsets
from index_snapshots.shard_names import ShardNames
from index_snapshots.word_feed import WordFeed
from index_snapshots.word_search import CHANGED_MAX
from schemas.hits import ShardState
from schemas.limits import HITS_MAX
from schemas.shard_messages import HitsAnswer, ShardAnswer, WordsAnswer
from schemas.suggest import ShardSuggestions
from schemas.versions import VersionAnswer
from schemas.ways import OTHERS_MAX
from schemas.whereabouts import WhereAnswer
from serving.shard_answers import VocabularyAnswer
from tests.unit.index_snapshots.making import (
    FACETS,
    ORIGIN,
    b64,
    content,
    document,
    logged,
    no_document,
    offer,
    shard,
    unit,
)

LONG_S = 1_000.0
HEALTH: Any = SimpleNamespace(add_to=lambda app: None)


def state_at(partition: int, offsets: Offsets) -> ShardState:
    return ShardState(partition=partition, replica=1, lineage="l", documents_offset=offsets[0], offers_offset=0)


class Process:
    """A shard process with a red lamp, a blue lamp and a chair."""

    def __init__(self, folder: Path) -> None:
        self.shard = shard()
        self.feed = WordFeed(folder, self.shard.view, FACETS)
        self.shard.feed(self.feed)
        lamps = [document("red", 1, of=content("Red lamp", attributes={"colour": "red"}))]
        lamps += [document("blue", 2, of=content("Blue lamp")), document("chair", 3, of=content("Chair"))]
        apply(logged("documents", lamps), self.shard)
        assert self.feed.wait(3, 30)
        self.kept = SimpleNamespace(shard=self.shard, origin=ORIGIN, words=self.feed, names=ShardNames())

    async def ask(self, path: str, **body: Any) -> tuple[int, bytes]:
        agent: Any = SimpleNamespace(caught_up=True, kept={0: self.kept}, state=state_at)
        async with TestClient(TestServer(ShardEndpoint(agent).app(HEALTH))) as client:
            response = await client.post(path, data=orjson.dumps({"partition": 0, **body}))
            return response.status, await response.read()

    async def get(self, path: str) -> tuple[int, bytes]:
        agent: Any = SimpleNamespace(caught_up=True, kept={0: self.kept}, state=state_at)
        async with TestClient(TestServer(ShardEndpoint(agent).app(HEALTH))) as client:
            response = await client.get(path)
            return response.status, await response.read()

    async def words(self, text: str, **body: Any) -> WordsAnswer:
        status, answer = await self.ask("/words", **{"text": text, "limit": 10, "budget_ms": 30_000, **body})
        assert status == 200, answer
        return WordsAnswer.model_validate_json(answer)

    async def search(self, **body: Any) -> ShardAnswer:
        status, answer = await self.ask("/search", **{"limit": 10, "budget_ms": 30_000, **body})
        assert status == 200, answer
        return ShardAnswer.model_validate_json(answer)


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    made = Process(tmp_path)
    yield made
    made.feed.close()


async def test_words_up_to_an_offset_are_waited_for(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_feed, "commit_every_s", lambda took_s: LONG_S)
    apply(logged("documents", [document("green", 4, of=content("Green lamp"))], 3), process.shard)
    process.feed.hurry()
    assert process.feed.wait(4, 30)  # from here on no commit comes for long
    apply(logged("documents", [document("black", 5, of=content("Black lamp"))], 4), process.shard)
    assert (await process.words("black")).skus == [], "the next commit is far away"
    answer = await process.words("black", documents=5)
    assert (answer.skus, answer.behind) == (["black"], False)
    late = await process.words("black", documents=6, budget_ms=50)
    assert (late.skus, late.behind) == (["black"], True)


async def test_products_that_hold_the_words(process: Process) -> None:
    answer = await process.words("red lamps")
    assert answer.skus == ["red", "blue"] and answer.scores[0] > answer.scores[1] > 0
    assert (answer.matching, answer.missing) == (1, "") and answer.cover == pytest.approx(1.0)
    assert answer.state == state_at(0, Offsets(3, 0))
    assert (await process.words("red lamps", limit=1)).skus == ["red"]
    assert (await process.words("lamps", filters={"attributes": {"colour": ["red"]}})).skus == ["red"]
    assert (await process.words("nothing")).skus == []
    assert (await process.words("blu")).skus == ["blue"]


async def test_where_too_few_hold_all_words_it_is_told_how_many_hold_fewer(process: Process) -> None:
    asked = {"dropping": True, "looked_at": 2}
    told = await process.words("zephyr red lamp", **asked)
    assert (told.holding, told.shorter) == (0, {"red lamp": 1})
    assert told.shorter == {"red lamp": (await process.words("red lamp", looked_at=2)).holding}
    dear = {"price_min": 0.0}  # none has a price
    assert (await process.words("zephyr red lamp", filters=dear, **asked)).shorter == {"red lamp": 0}
    assert (await process.words("zephyr red lamp", looked_at=2)).shorter == {}
    assert (await process.words("red lamp", dropping=True)).shorter == {}, "enough hold all of them"
    others = [{"words": ["lamp"], "ways": ["light"]}]
    assert (await process.words("zephyr red lamp", others=others, **asked)).shorter == {}


async def test_words_that_no_product_holds_are_told_when_asked_for(process: Process) -> None:
    doubt, form = (await process.words("cahir lamps", doubts=True)).doubts
    assert doubt.word == "cahir" and [(one.text, one.holding) for one in doubt.candidates] == [("chair", 1)]
    assert (form.word, form.form, form.candidates[0].text) == ("lamps", True, "lamp")
    assert (await process.words("cahir lamps")).doubts == [] == (await process.words("lamp", doubts=True)).doubts


async def test_what_else_may_be_said_is_found_too(process: Process) -> None:
    seat = [{"words": ["seat"], "ways": ["chair"]}]
    assert (await process.words("seat ", others=seat)).skus == ["chair"]
    assert (await process.words("seat ")).skus == []
    assert (await process.words("redlamp ", doubts=True)).doubts[0].candidates[0].text == "red lamp"
    assert (await process.words("lam ps ", joining=True)).skus == ["blue", "red"]
    assert (await process.words("lam ps ")).skus == []
    many = [{"words": ["seat"], "ways": ["chair"]}] * (OTHERS_MAX + 1)
    assert (await process.ask("/words", text="seat", limit=1, budget_ms=1, others=many))[0] == 400


async def test_what_begins_like_a_text_is_suggested(process: Process) -> None:
    brand = content("Rug", brand="Lampe", category=["Home", "Lamps"])
    apply(logged("documents", [document("rug", 4, of=brand)], 3), process.shard)
    body = {"text": "lam", "limit": 5, "kinds": ["products", "brands", "categories"], "budget_ms": 30_000}
    status, answer = await process.ask("/suggest", **body)
    found = ShardSuggestions.model_validate_json(answer)
    assert status == 200 and found.missing == "" and {one.sku for one in found.products} >= {"red", "blue"}
    assert [(one.name, one.products, one.rank) for one in found.brands] == [(["Lampe"], 1, [0, 0, 0])]
    assert [one.name for one in found.categories] == [["Home", "Lamps"]]
    process.feed._committed, process.feed.failed = None, "the disk is full"
    found = ShardSuggestions.model_validate_json((await process.ask("/suggest", **body))[1])
    assert "the disk is full" in found.missing and found.products == [] and found.brands


@pytest.mark.parametrize("body", [{"limit": 0}, {"limit": 21}, {"text": "x" * 201}, {"kinds": ["queries", "x"]}])
async def test_what_cannot_be_suggested_is_refused(process: Process, body: dict[str, Any]) -> None:
    asked = {"text": "lam", "limit": 5, "kinds": ["brands"], "budget_ms": 1_000, **body}
    assert (await process.ask("/suggest", **asked))[0] == 400


async def test_an_index_that_is_away_says_why(process: Process) -> None:
    process.feed._committed, process.feed.failed = None, "the disk is full"
    assert "the disk is full" in (await process.words("lamp")).missing
    process.kept.words = None
    assert "indexes no words" in (await process.words("lamp")).missing


@pytest.mark.parametrize("body", [{"limit": 0}, {"text": "x" * 1_001}, {"filters": {"attributes": {"size": ["L"]}}}])
async def test_what_cannot_be_asked_is_refused(process: Process, body: dict[str, Any]) -> None:
    status, _ = await process.ask("/words", **{"text": "lamp", "limit": 5, "budget_ms": 1_000, **body})
    assert status == 400


async def test_a_search_ranks_by_both_and_names_the_nearest(process: Process) -> None:
    answer = await process.search(vector=b64(unit(1)), words={"chair": 9.0}, words_share=0.9)
    assert answer.hits[0].sku == "chair" and len(answer.hits) == 3
    assert answer.near is not None and set(answer.near.skus) == {"red", "blue", "chair"}
    assert (answer.near.affinities, answer.near.fits) == ([], [])
    few = await process.search(vector=b64(unit(1)), words={"chair": 9.0}, words_share=0.9, limit=1, depth=2)
    assert [hit.sku for hit in few.hits] == ["chair"] and few.near is not None and len(few.near.skus) == 2


async def test_without_a_vector_the_words_rank_alone(process: Process) -> None:
    answer = await process.search(words={"blue": 2.0, "red": 1.0}, words_share=0.5)
    assert ([hit.sku for hit in answer.hits], answer.near, answer.matching) == (["blue", "red"], None, 3)


async def test_what_is_not_shown_or_does_not_pass_any_more_is_named(process: Process) -> None:
    apply(logged("documents", [no_document("blue", 9)], 3), process.shard)
    words = {"blue": 2.0, "red": 1.0, "chair": 0.5, "never": 0.1}
    answer = await process.search(words=words)
    assert ([hit.sku for hit in answer.hits], answer.gone) == (["red", "chair"], ["blue", "never"])
    answer = await process.search(words=words, filters={"attributes": {"colour": ["red"]}})
    assert ([hit.sku for hit in answer.hits], answer.gone) == (["red"], ["blue", "chair", "never"])


@pytest.mark.parametrize(("count", "status"), [(HITS_MAX, 200), (HITS_MAX + 1, 400)])
async def test_whole_hits_of_some_products(process: Process, count: int, status: int) -> None:
    skus = ["chair", "red", *(f"x{number}" for number in range(count - 2))]
    found, body = await process.ask("/hits", skus=skus)
    assert found == status
    if status == 200:
        answer = HitsAnswer.model_validate_json(body)
        assert [hit.sku for hit in answer.hits] == ["chair", "red"] and answer.state.partition == 0


async def test_what_was_found_by_words_tells_its_affinity_too(process: Process) -> None:
    taste = {"vector": b64(unit(1)), "strength": 0.2}
    answer = await process.search(words={"blue": 8.0, "gone": 7.0, "red": 6.0}, words_share=0.5, taste=taste)
    assert list(answer.word_affinities) == ["blue", "red"] and answer.gone == ["gone"]
    assert answer.word_affinities["red"] == pytest.approx(1.0, abs=0.01)  # all lamps have the vector of seed 1
    assert [hit.sku for hit in answer.hits] == ["blue", "red"]
    assert (await process.search(words={"blue": 8.0}, words_share=0.5)).word_affinities == {}


async def test_what_the_products_are_called(process: Process) -> None:
    status, body = await process.get("/vocabulary?partition=0")
    answer = VocabularyAnswer.model_validate_json(body)
    assert status == 200 and answer.state == state_at(0, Offsets(3, 0))
    assert [(one.value, one.products) for one in answer.attributes["colour"]] == [("red", 1)]
    assert [(await process.get(f"/vocabulary{query}"))[0] for query in ("", "?partition=7")] == [400, 400]


async def test_the_traits_of_all_that_can_be_among_the_best(process: Process) -> None:
    wanted = [{"attributes": {"colour": ["red"]}}]
    answer = await process.search(
        vector=b64(unit(1)), words={"chair": 9.0}, words_share=0.5, depth=2, wanted=wanted, traits=True
    )
    passed = dict(zip(answer.traits.skus, answer.traits.wanted, strict=True))
    assert "chair" in passed and set(passed) == {"chair", *(answer.near.skus if answer.near else [])}
    assert all(count == (sku == "red") for sku, count in passed.items())


async def test_where_a_product_stands_beside_a_query(process: Process) -> None:
    async def where(sku: str, **body: Any) -> WhereAnswer:
        status, answer = await process.ask("/where", sku=sku, **body)
        assert status == 200, answer
        return WhereAnswer.model_validate_json(answer)

    red = {"attributes": {"colour": ["red"]}}
    found = await where("red", vector=b64(unit(1)), words={"text": "lamp"}, filters=red)
    assert (found.live, found.conditions, found.state) == (
        "shown",
        {"attributes.colour": True},
        state_at(0, Offsets(3, 0)),
    )
    assert found.meaning and found.meaning.rank == 1 and found.words and found.words.rank == 1
    blue = await where("blue", vector=b64(unit(1)), words={"text": "lamp"}, filters=red)
    assert (blue.conditions, blue.meaning, blue.words) == ({"attributes.colour": False}, None, None)
    assert (await where("nothing")).live == "unknown"
    plain = await where("blue")
    assert (plain.live, plain.meaning, plain.words) == ("shown", None, None)
    process.feed._committed = None  # its index is being built
    assert (await where("red", words={"text": "lamp"})).words is None
    assert (await process.ask("/where", sku="red", filters={"attributes": {"size": ["L"]}}))[0] == 400


async def test_from_what_would_be_answered_now(process: Process) -> None:
    async def version() -> VersionAnswer:
        return VersionAnswer.model_validate_json((await process.get("/version?partition=0"))[1])

    assert (await version()) == VersionAnswer(settled=True, state=state_at(0, Offsets(3, 0)))
    assert (await process.words("lamp")).settled is True
    process.feed._done = 2  # the index is a record behind
    assert (await version()).settled is False and (await process.words("lamp")).settled is False
    process.kept.words = None
    assert (await version()).settled is True


async def counted(process: Process, match: str, text: str, filters: dict[str, Any], **body: Any) -> tuple[int, Any]:
    counting = {"match": match, "words": {"text": text}, "facets": [{"field": "attributes.colour"}], "sent_max": 10}
    answer = await process.search(counting=counting, filters=filters, **body)
    assert answer.counted is not None
    facet = answer.counted.facets["attributes.colour"]
    return answer.counted.matching, dict(zip(facet.values, facet.counts, strict=True))


async def test_facets_count_what_matches(process: Process) -> None:
    chosen = {"attributes": {"colour": ["blue"]}}
    assert await counted(process, "passing", "", {}) == (3, {"red": 1})
    assert await counted(process, "passing", "", chosen) == (0, {"red": 1})
    assert await counted(process, "words", "lamps", {}, vector=b64(unit(1))) == (2, {"red": 1})
    assert await counted(process, "words", "blue", {}, vector=b64(unit(1))) == (1, {})
    assert await counted(process, "words", "lamps", chosen, vector=b64(unit(1))) == (0, {"red": 1})
    by_words = {"words": {"red": 2.0, "blue": 1.0}}
    assert await counted(process, "candidates", "lamps", {}, **by_words) == (2, {"red": 1})
    assert await counted(process, "candidates", "blue", chosen, words={"blue": 1.0}) == (0, {})
    assert await counted(process, "candidates", "red", chosen, words={"red": 1.0}) == (0, {"red": 1})
    assert await counted(process, "candidates", "", chosen, vector=b64(unit(1))) == (0, {"red": 1})
    assert await counted(process, "candidates", "", {}, vector=b64(unit(1)), **by_words) == (3, {"red": 1})


async def test_only_what_is_still_shown_is_counted(process: Process) -> None:
    before = process.feed.now
    apply(logged("documents", [document("red", 9, of=content("Red chair")), no_document("blue", 9)], 3), process.shard)
    assert process.feed.wait(5, 30)
    assert (await process.words("lamps")).matching == 0
    process.feed._committed = before
    assert (await process.words("lamps", filters={"price_min": 0.0})).matching == 0
    assert await counted(process, "words", "lamps", {}, vector=b64(unit(1))) == (0, {})


async def test_the_words_that_match_are_counted_behind_filters(process: Process) -> None:
    answer = await process.words("lamps", filters={"attributes": {"colour": ["red"]}})
    assert (answer.matching, answer.unfiltered) == (1, 2)


async def test_without_an_index_of_words_nothing_is_counted(process: Process) -> None:
    process.kept.words = None
    counting = {"match": "words", "words": {"text": "lamps"}, "sent_max": 10}
    assert (await process.search(vector=b64(unit(1)), counting=counting)).counted is None


async def sorted_skus(process: Process, match: str, text: str = "", **body: Any) -> list[str]:
    counting = {"match": match, "words": {"text": text}, "sent_max": 10}
    answer = await process.search(counting=counting, **{"sort": "price_asc", **body})
    assert answer.counted is not None and answer.counted.matching == len(answer.hits) and answer.near is None
    return [hit.sku for hit in answer.hits]


async def test_all_that_matches_is_sorted(process: Process) -> None:
    offers = [offer("red", 4, price=3.0), offer("blue", 5, price=1.0), offer("chair", 6, price=2.0)]
    apply(logged("offers", offers), process.shard)
    assert await sorted_skus(process, "passing") == ["blue", "chair", "red"]
    assert await sorted_skus(process, "passing", sort="price_desc") == ["red", "chair", "blue"]
    assert await sorted_skus(process, "passing", sort="newest", filters={"price_max": 2.0}) == ["chair", "blue"]
    popular: dict[str, Any] = {"sort": "popularity", "popular": ["chair", "unknown", "red"]}
    assert await sorted_skus(process, "passing", **popular) == ["chair", "red", "blue"]
    assert await sorted_skus(process, "words", "lamps", **popular) == ["red", "blue"]
    assert await sorted_skus(process, "words", "lamps", vector=b64(unit(1))) == ["blue", "red"]
    assert await sorted_skus(process, "candidates", "red", words={"red": 2.0}) == ["red"]
    assert await sorted_skus(process, "candidates", "", vector=b64(unit(1))) == ["blue", "chair", "red"]
    process.kept.words = None
    counting = {"match": "words", "words": {"text": "lamps"}, "sent_max": 10}
    away = await process.search(vector=b64(unit(1)), counting=counting, sort="newest")
    assert (away.hits, away.counted) == ([], None)


async def test_the_groups_of_what_is_named(process: Process) -> None:
    answer = await process.search(vector=b64(unit(1)), words={"blue": 1.0}, group_by="attributes.colour")
    assert answer.groups == {"red": "red"}
    again = document("blue", 4, of=content("Blue lamp", brand="Lumen", attributes={"colour": ["red", "blue"]}))
    apply(logged("documents", [again, document("pink", 5, of=content("Pink", brand="Lumen"))], 3), process.shard)
    answer = await process.search(vector=b64(unit(1)), group_by="attributes.colour")
    assert answer.groups == {"red": "red", "blue": "blue"}, "of several the first by name"
    assert (await process.search(vector=b64(unit(1)), group_by="brand")).groups == {"blue": "Lumen", "pink": "Lumen"}
    assert await sorted_skus_by_brand(process, 1, 9) == ["pink", "chair", "red"]
    assert await sorted_skus_by_brand(process, 2, 9) == ["pink", "blue", "chair", "red"]
    assert await sorted_skus_by_brand(process, 1, 2) == ["pink", "chair"]


async def sorted_skus_by_brand(process: Process, of_each: int, limit: int) -> list[str]:
    counting = {"match": "passing", "sent_max": 10}
    grouping = {"group_by": "brand", "group_limit": of_each}
    answer = await process.search(counting=counting, sort="newest", limit=limit, **grouping)
    assert answer.groups == {hit.sku: "Lumen" for hit in answer.hits if hit.content.brand}
    return [hit.sku for hit in answer.hits]


async def test_of_many_that_changed_since_the_commit_so_many_are_looked_at(process: Process) -> None:
    before = process.feed.now
    skus = [f"lamp-{number}" for number in range(CHANGED_MAX + 1)]
    apply(logged("documents", [document(sku, 10, of=content("Lamp")) for sku in skus], 3), process.shard)
    assert process.feed.wait(4 + CHANGED_MAX, 30)
    before = process.feed.now
    changed = [document(sku, 11, of=content("Chair")) for sku in skus]
    apply(logged("documents", changed[:-1], 4 + CHANGED_MAX), process.shard)
    assert process.feed.wait(4 + 2 * CHANGED_MAX, 30)
    process.feed._committed = before
    assert await counted(process, "words", "lamps", {}, vector=b64(unit(1))) == (3, {"red": 1})
    apply(logged("documents", changed[-1:], 4 + 2 * CHANGED_MAX), process.shard)
    assert process.feed.wait(5 + 2 * CHANGED_MAX, 30)
    process.feed._committed = before
    assert await counted(process, "words", "lamps", {}, vector=b64(unit(1))) == (3, {"red": 1})
