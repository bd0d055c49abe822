"""What is read out of a query's words reaches the shards, is told in the answer, and can be switched off."""

from typing import Any

import pytest

from schemas.errors import Unavailable
from schemas.filters import Filters
from schemas.records import decode
from schemas.search import UNDERSTAND_STEPS
from schemas.served import Served
from serving.vocabulary_watch import LEARN_EVERY_S
from tests.unit.serving.fakes import Clock, FakeShard, Tier, hit, state

QUERY = "15 inch lamp without shade under 50 euro"


def shard() -> FakeShard:
    return FakeShard(state(0), [hit("a", 0.9), hit("b", 0.5)])


async def test_the_shards_are_asked_for_what_was_understood() -> None:
    asked = shard()
    async with Tier([[asked]]) as tier:
        answer = await tier.search(text=QUERY, filters={"price_min": 10.0})
        assert tier.encoding.texts == ["15 inch lamp"]
        [query] = asked.queries
        assert (query["filters"]["price_min"], query["filters"]["price_max"]) == (10.0, 50.0)
        assert query["wishes"]["unwanted"] == ["shade"]
        assert [size["text"] for size in query["wishes"]["sizes"]] == ["15 inch"]
        told = answer["understood"]
        assert (told["text"], told["unwanted"], told["filters"]["price_max"]) == ("15 inch lamp", ["shade"], 50.0)
        assert [(note["step"], QUERY[note["start"] : note["end"]]) for note in told["notes"]] == [
            ("units", "15 inch"),
            ("negation", "without shade"),
            ("prices", "under 50 euro"),
        ]


async def test_a_plain_query_has_nothing_to_tell() -> None:
    asked = shard()
    async with Tier([[asked]]) as tier:
        assert (await tier.search(text="lamp"))["understood"] is None
        assert asked.queries[0]["wishes"] is None


@pytest.mark.parametrize(("understand", "told"), [([], []), (["prices"], ["prices"]), (["negation"], ["negation"])])
async def test_it_can_be_switched_off(understand: list[str], told: list[str]) -> None:
    async with Tier([[shard()]]) as tier:
        answer = await tier.search(text=QUERY, understand=understand)
        assert [note["step"] for note in (answer["understood"] or {"notes": []})["notes"]] == told
    async with Tier([[shard()]], understand=understand) as tier:
        answer = await tier.search(text=QUERY)
        assert [note["step"] for note in (answer["understood"] or {"notes": []})["notes"]] == told
        every = (await tier.search(text=QUERY, understand=list(UNDERSTAND_STEPS)))["understood"]
        assert len(every["notes"]) == 3


async def test_the_language_is_that_of_the_request_or_of_the_shop() -> None:
    async with Tier([[shard()]], locale="de") as tier:
        await tier.search(text="Lampe ohne Schirm unter 50 Euro")
        await tier.search(text="lamp without shade", locale="en-GB")
        assert tier.encoding.texts == ["Lampe", "lamp"]


async def test_a_price_that_the_request_does_not_allow_filters_nothing() -> None:
    asked = shard()
    async with Tier([[asked]]) as tier:
        answer = await tier.search(text="lamp under 50", filters={"price_min": 60.0})
        assert answer["understood"]["filters"] is None
        assert asked.queries[0]["filters"]["price_max"] is None


async def test_fits_rank_and_are_explained() -> None:
    hits = [hit("a", 0.9), hit("b", 0.8), hit("c", 0.1)]
    first = FakeShard(
        state(0), [one.model_copy(update={"fit": fit}) for one, fit in zip(hits, (0.4, 1.0, 1.0), strict=True)]
    )
    second = FakeShard(state(1), [hit("d", 0.95)])  # behind its window
    async with Tier([[first], [second]]) as tier:
        answer = await tier.search(text="lamp without shade", explain=True)
        assert [one["sku"] for one in answer["hits"]] == ["b", "a", "c", "d"]
        assert answer["explain"]["fits"] == {"b": 1.0, "a": 0.4, "c": 1.0}
        assert answer["explain"]["wishes"] == {"unwanted": ["shade"]}


async def test_the_currencies_are_those_of_the_shards() -> None:
    first, second = FakeShard(state(0), currencies=["EUR"]), FakeShard(state(1), currencies=["EUR", "GBP"])
    async with Tier([[first], [second]]) as tier:
        await tier.search(text="shelf under 50 pounds", fallback=[])
        [asked] = first.queries
        assert (asked["filters"]["price_max"], asked["filters"]["currency"]) == (50.0, "GBP")
        answer = await tier.search(text="shelf under $50")
        assert first.queries[1]["filters"]["price_max"] is None
        assert answer["understood"]["notes"][0]["means"].startswith("no filter: the catalogue has no prices in USD")
    async with Tier([[FakeShard(state(0), currencies=["EUR"])]]) as tier:
        assert (await tier.search(text="shelf under 50 pounds"))["understood"]["filters"] is None


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"understand": [*UNDERSTAND_STEPS]}, {"understand": [*UNDERSTAND_STEPS, "prices"]}),
        ({"understand": ["units"]}, {"understand": ["everything"]}),
        ({"locale": "x" * 35}, {"locale": "x" * 36}),
    ],
)
async def test_limits_at_n_and_beyond(good: dict[str, Any], bad: dict[str, Any]) -> None:
    async with Tier() as tier:
        assert (await tier.client.post("/v1/search", json=good)).status == 200
        assert (await tier.client.post("/v1/search", json=bad)).status == 400


async def test_the_served_log_keeps_it() -> None:
    async with Tier([[shard()]], served_full_share=1) as tier:
        await tier.search(text=QUERY)
        await tier.wiring.served.drain()
        [record] = [decode(Served, record.value or b"") for batch in tier.log.read("served", 0, 0) for record in batch]
        assert (record.text, record.filters) == (QUERY, Filters())
        assert record.inputs is not None and record.inputs.price == Filters(price_max=50)
        assert record.inputs.wishes is not None and record.inputs.wishes.unwanted == ["shade"]


SONY: dict[str, Any] = {"brands": [{"value": "Sony", "products": 2}]}


async def test_brands_of_the_catalogue_come_earlier_when_they_are_named() -> None:
    """The vocabulary is learned beside the requests; a partition that is away counts as it last did."""
    asked = FakeShard(state(0), [hit("a", 0.9), hit("b", 0.88), hit("c", 0.1)], vocabulary=SONY, passing={"b": 1})
    async with Tier([[asked]]) as tier:
        assert (await tier.search(text="Sony lamp"))["understood"] is None
        await tier.wiring.vocabulary.refresh()
        answer = await tier.search(text="Sony lamp", explain=True)
        assert asked.queries[-1]["wanted"][0]["brand"] == ["Sony"]
        assert [item["sku"] for item in answer["hits"]] == ["b", "a", "c"]
        [note] = answer["understood"]["notes"]
        assert (note["step"], note["text"], answer["understood"]["text"]) == ("brands", "Sony", "Sony lamp")
        assert [answer["explain"]["hits"][sku]["features"]["named"] for sku in "abc"] == [0.0, 1.0, 0.0]
        plain = await tier.search(text="Sony lamp", understand=["prices", "categories"])
        assert [item["sku"] for item in plain["hits"]] == ["a", "b", "c"] and plain["understood"] is None


async def test_the_vocabulary_is_learned_again_after_a_while() -> None:
    asked, clock = FakeShard(vocabulary=SONY), Clock()
    async with Tier([[asked]], clock=clock) as tier:
        watch = tier.wiring.vocabulary
        await watch.refresh()
        asked.vocabulary = {"brands": [{"value": "Lumen", "products": 1}]}
        clock.now_s += LEARN_EVERY_S - 0.1
        await watch.refresh()
        assert set(watch.now.by_words) == {("sony",)}
        clock.now_s += 0.2
        await watch.refresh()
        assert set(watch.now.by_words) == {("lumen",)}
        asked.vocabulary = {"brands": 7}
        clock.now_s += LEARN_EVERY_S
        await watch.refresh()  # a shard that answers nonsense
        assert set(watch.now.by_words) == {("lumen",)}


async def test_without_any_answer_nothing_is_known() -> None:
    async with Tier([[FakeShard(vocabulary={"brands": 7})]]) as tier:
        with pytest.raises(Unavailable):
            await tier.wiring.vocabulary.refresh()
        assert (await tier.search(text="Sony lamp"))["understood"] is None
