"""The last stage of a search: small terms beside the relevance, told hit by hit, and computed again from the log."""

from typing import Any

import pytest

from schemas.errors import Unavailable
from schemas.hits import Hit
from schemas.popularity import FEW
from schemas.records import Offer, Price
from schemas.served import Served
from serving.ranking.ranking import again
from serving.served import fits
from streams.memory_popularity import MemoryPopularity
from streams.popularity import Tally
from tests.unit.serving.fakes import FakeShard, Tier, hit, state

NOW_MS = 1_700_000_000_000
"""The clock of `Tier`."""


def skus(answer: dict[str, Any]) -> list[str]:
    return [item["sku"] for item in answer["hits"]]


def sold_out(item: Hit) -> Hit:
    return item.model_copy(update={"in_stock": False})


def priced(item: Hit, amount: float, *category: str) -> Hit:
    offer = Offer(price=Price(amount=amount, currency="EUR"), stock=1)
    content = item.content.model_copy(update={"category": list(category) or None})
    return item.model_copy(update={"offer": offer, "content": content})


async def popular(counts: dict[str, float]) -> MemoryPopularity:
    kept = MemoryPopularity()
    await kept.put(0, Tally(1, 5, NOW_MS, NOW_MS, counts))
    return kept


async def test_what_cannot_be_bought_comes_later_and_stays() -> None:
    shard = FakeShard(state(0), [sold_out(hit("a", 0.9)), hit("b", 0.8), hit("c", 0.5), hit("d", 0.1)])
    async with Tier([[shard]]) as tier:
        answer = await tier.search(text="lamp")
        assert skus(answer)[0] == "b" and set(skus(answer)) == set("abcd")
        assert skus(await tier.search(text="lamp", ranker="none")) == ["a", "b", "c", "d"]
    async with Tier([[shard]], rank_stock=0.0) as tier:
        assert skus(await tier.search(text="lamp")) == ["a", "b", "c", "d"]


async def test_what_is_popular_comes_earlier_and_each_hit_tells_its_features() -> None:
    shard = FakeShard(state(0), [hit("a", 0.9), hit("b", 0.89), hit("c", 0.1)])
    kept = await popular({"b": 3 * FEW, "c": 1.0})
    async with Tier([[shard]], popularity=kept) as tier:
        assert skus(await tier.search(text="lamp")) == ["a", "b", "c"]  # nothing was read yet
        await tier.wiring.ranking.popular.refresh()
        answer = await tier.search(text="lamp", explain=True)
        assert skus(answer) == ["b", "a", "c"]
        told = answer["explain"]["hits"]["b"]
        assert told["features"]["popularity"] == 1.0 and told["features"]["in_stock"] is True
        weight = answer["explain"]["ranking"]["weights"]["popularity"]
        assert told["rank_score"] == pytest.approx(told["relevance"] * (1 + weight), abs=1e-5)
        assert 0 < answer["explain"]["hits"]["c"]["features"]["popularity"] < 0.5
        kept.error = Unavailable("away")
        with pytest.raises(Unavailable):
            await tier.wiring.ranking.popular.refresh()
        assert skus(await tier.search(text="lamp")) == ["b", "a", "c"]  # by what was known before


async def test_what_is_new_comes_earlier() -> None:
    shard = FakeShard(state(0), [hit("a", 0.9, 0), hit("b", 0.899, 9), hit("c", 0.1, 0)])
    async with Tier([[shard]], rank_newness=0.1) as tier:
        tier.log.begins["catalog", 0] = 0
        for _ in range(10):
            tier.log.send("catalog", b"k", b"v", 0)
        await tier.wiring.ranking.refresh_calendar()
        answer = await tier.search(text="lamp", explain=True)
        newness = {sku: told["features"]["newness"] for sku, told in answer["explain"]["hits"].items()}
        assert newness["b"] > newness["a"]  # by the order of their first event in `catalog`


async def test_a_code_that_was_typed_is_answered_by_relevance_alone() -> None:
    hits = [sold_out(hit("a", 0.9)), hit("b", 0.8), hit("c", 0.1)]
    shard = FakeShard(state(0), hits, words={"a": 9.0, "b": 8.9})
    shard.words_say = {"codes": ["a"]}
    async with Tier([[shard]]) as tier:
        answer = await tier.search(text="a", explain=True)
        assert skus(answer) == ["a", "b", "c"] and answer["explain"]["ranking"]["weights"] == {}
        shard.words_say = {}
        assert skus(await tier.search(text="a")) == ["b", "a", "c"]


async def test_diversity_is_asked_for_by_a_request_or_by_the_shop() -> None:
    lamps = [priced(hit("a", 0.9), 10, "Lamps"), priced(hit("b", 0.89), 11, "Lamps")]
    shard = FakeShard(state(0), [*lamps, priced(hit("c", 0.85), 90, "Chairs"), priced(hit("d", 0.1), 90, "Sofas")])
    async with Tier([[shard]]) as tier:
        assert skus(await tier.search(text="lamp"))[:3] == ["a", "b", "c"]
        assert skus(await tier.search(text="lamp", mmr_lambda=0.7))[:3] == ["a", "c", "b"]
        for wrong in (-0.1, 1.1):
            assert (await tier.client.post("/v1/search", json={"mmr_lambda": wrong})).status == 400
    async with Tier([[shard]], mmr_lambda=0.7) as tier:
        assert skus(await tier.search(text="lamp"))[:3] == ["a", "c", "b"]
        assert skus(await tier.search(text="lamp", mmr_lambda=1.0))[:3] == ["a", "b", "c"]


async def test_pages_are_pieces_of_one_order() -> None:
    shard = FakeShard(state(0), [sold_out(hit(f"{at:02}", 0.9 - at / 100)) for at in range(12)] + [hit("x", 0.5)])
    async with Tier([[shard]]) as tier:
        whole = skus(await tier.search(text="lamp", limit=13))
        pages = [skus(await tier.search(text="lamp", limit=3, page=page)) for page in (1, 2, 3, 4, 5)]
        assert [sku for page in pages for sku in page] == whole and sorted(whole) == sorted({*whole})


async def test_the_served_record_gives_the_same_order_again() -> None:
    scores = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.2}
    hits = [priced(hit(sku, score, at), 10.0 * 4**at, "Lamps") for at, (sku, score) in enumerate(scores.items())]
    hits[0] = sold_out(hits[0])
    shard = FakeShard(state(0), hits, words={"b": 3.0, "d": 2.0})
    kept = await popular({"c": 50.0})
    async with Tier([[shard]], popularity=kept, served_full_share=1.0, mmr_lambda=0.8, rank_price=0.3) as tier:
        await tier.wiring.ranking.popular.refresh()
        shown = skus(await tier.search(text="lamp"))
        await tier.wiring.served.drain()
        [record] = [Served.model_validate_json(one.value) for one in next(tier.log.read("served", 0, 0))]
        assert record.inputs and record.inputs.rank and again(record.inputs.rank) == shown
        assert [one.sku for one in record.inputs.rank.candidates] != shown and fits(record)
