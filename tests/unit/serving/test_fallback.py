"""The fallback ladder: which step gives the hits, what is said of it, and that it costs no more than the budget."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from schemas.fallback import FALLBACK_BELOW_MAX, FALLBACK_STEPS
from schemas.filters import NO_FILTERS, Filters, NumberRange
from schemas.records import decode
from schemas.served import Served
from schemas.settings import ServingSettings
from schemas.shorter import DROPS_MAX, shorter, without
from serving.fallback.relaxing import PROBES_MAX, Relaxed, least, relaxable, relaxed
from streams.memory_popularity import MemoryPopularity
from streams.popularity import Tally
from tests.unit.serving.fakes import FakeShard, Tier, hit, state


class Shelf(FakeShard):
    """A shard that reads its questions: `products` have words, a brand and a colour."""

    def __init__(self, partition: int = 0, **products: tuple[str, str]) -> None:
        """By SKU: (words, brand)."""
        super().__init__(state(partition))
        self.products = products
        self.told: dict[str, int] = {}
        """How many products hold a shorter text."""

    def _passing(self, filters: dict[str, Any]) -> list[str]:
        brands = filters.get("brand")
        hard = (filters.get("not") or {}).get("brand") or []
        return [
            sku
            for sku, (_, brand) in self.products.items()
            if (not brands or brand in brands) and brand not in hard and filters.get("price_max") is None
        ]

    async def _search(self, request: web.Request) -> web.Response:
        query = await request.json()
        passing, asked = self._passing(query["filters"]), query["words"]
        self.gone = [sku for sku in asked if sku not in passing]
        wanted = [sku for sku in asked if sku in passing] if asked and not query["vector"] else passing
        self.hits = [hit(sku, 0.5 if query["vector"] else None) for sku in wanted]
        return await super()._search(request)

    async def _words(self, request: web.Request) -> web.Response:
        query = await request.json()
        asked = query["text"].lower().split()
        held = {sku: [word in words.split() for word in asked] for sku, (words, _) in self.products.items()}
        unknown = [word for at, word in enumerate(asked) if not any(each[at] for each in held.values())]
        shares = {sku: sum(held[sku]) / len(asked) for sku in self._passing(query["filters"]) if any(held[sku])}
        ranked = sorted(shares, key=lambda sku: -shares[sku])
        self.words = {sku: shares[sku] for sku in ranked}
        self.words_say = {
            "cover": max(shares.values(), default=0.0),
            "holding": sum(share > 0.7 for share in shares.values()),
            "rarities": {word: 5.0 if word in unknown else 1.0 for word in asked},
            "unknown": unknown,
            "shorter": self.told,
        }
        return await super()._words(request)


def shelves() -> list[list[Shelf]]:
    first = Shelf(0, lamp=("red desk lamp", "Lumen"), chair=("desk chair", "Seat"))
    second = Shelf(1, shade=("red lamp shade", "Lumen"), mug=("coffee mug", "Clay"))
    return [[first], [second]]


async def test_a_query_that_finds_enough_climbs_nothing() -> None:
    shards = shelves()
    async with Tier(shards) as tier:
        answer = await tier.search(text="red lamp", explain=True)
        assert answer["fallback"] is None and answer["explain"]["fallback"] == []
        assert [len(shard[0].asked_words) for shard in shards] == [1, 1]


async def test_words_that_no_product_holds_are_left_out_while_most_of_the_query_is_left() -> None:
    shards = shelves()
    async with Tier(shards) as tier:
        answer = await tier.search(text="Zephyr red lamp", explain=True, mode="words")
        assert answer["fallback"] | {"text": "red lamp"} == answer["fallback"]
        assert (answer["fallback"]["step"], answer["fallback"]["dropped"]) == ("drop", ["zephyr"])
        assert {item["sku"] for item in answer["hits"]} == {"lamp", "shade"}
        assert [one["step"] for one in answer["explain"]["fallback"]] == ["drop"]
        assert tier.counted("freshet_fallback_total", step="drop") == 1


async def test_where_the_meaning_ranks_too_a_dropped_word_moves_no_hit() -> None:
    async with Tier(shelves()) as tier:
        plain = await tier.search(text="zephyr red lamp", fallback=[])
        answer = await tier.search(text="zephyr red lamp")
        assert (answer["fallback"]["step"], answer["fallback"]["dropped"]) == ("drop", ["zephyr"])
        assert [hit["relevance"] for hit in answer["hits"]] == [hit["relevance"] for hit in plain["hits"]]


async def test_what_the_shards_have_told_of_a_shorter_query_is_not_asked_again() -> None:
    shards = shelves()
    async with Tier(shards) as tier:
        plain = await tier.search(text="zephyr red lamp")
        before = [len(shard[0].asked_words) for shard in shards]
        for (shelf,), counts in zip(shards, ({"red lamp": 1}, {"red lamp": 0}), strict=True):
            shelf.told = counts
        answer = await tier.search(text="zephyr red lamp")
        assert answer["fallback"] == plain["fallback"] and answer["fallback"]["text"] == "red lamp"
        assert [len(shard[0].asked_words) - 1 for shard in shards] == before
        assert [shard[0].asked_words[-1]["dropping"] for shard in shards] == [True, True]
        shards[1][0].told = {}  # it knows other words than both together
        assert (await tier.search(text="zephyr red lamp"))["fallback"] == plain["fallback"]
        assert [len(shard[0].asked_words) - 3 for shard in shards] == before
        await tier.search(text="zephyr red lamp", fallback=["meaning"])
        assert not shards[0][0].asked_words[-1]["dropping"]


async def test_filters_go_one_by_one_and_it_is_told() -> None:
    async with Tier(shelves()) as tier:
        answer = await tier.search(text="coffee mug", filters={"brand": ["Lumen"], "in_stock": True})
        assert (answer["fallback"]["step"], answer["fallback"]["relaxed"]) == ("relax", ["brand"])
        assert answer["hits"][0]["sku"] == "mug"
        priced = await tier.search(text="coffee mug under 50 euro")
        assert (priced["fallback"]["step"], priced["fallback"]["relaxed"]) == ("relax", ["understood.price"])
        assert priced["hits"][0]["sku"] == "mug" and priced["understood"]["filters"] is None
        alone = await tier.search(filters={"brand": ["Nobody"]})
        assert (alone["fallback"]["step"], len(alone["hits"])) == ("relax", 4)


async def test_what_not_asks_for_is_never_left_out() -> None:
    async with Tier(shelves()) as tier:
        hidden: dict[str, Any] = {"brand": ["Clay"], "not": {"brand": ["Clay"]}}
        answer = await tier.search(text="coffee mug", filters=hidden)
        assert answer["fallback"]["relaxed"] == ["brand"]
        assert "mug" not in {item["sku"] for item in answer["hits"]}


async def test_where_no_product_holds_the_words_the_meaning_answers_and_it_is_said() -> None:
    async with Tier(shelves()) as tier:
        answer = await tier.search(text="something to sit on", limit=2)
        assert (answer["fallback"]["step"], answer["fallback"]["relaxed"]) == ("meaning", [])
        assert len(answer["hits"]) == 2
        beyond = await tier.search(text="something to sit on", limit=2, page=9)
        assert (beyond["fallback"]["step"], beyond["hits"]) == ("meaning", [])
        nowhere = await tier.search(text="something to sit on", filters={"brand": ["Nobody"]})
        assert (nowhere["fallback"]["step"], nowhere["fallback"]["relaxed"]) == ("meaning", ["brand"])


async def test_without_words_and_meaning_products_of_the_category_then_the_newest() -> None:
    shards = shelves()
    async with Tier(shards) as tier:
        answer = await tier.search(text="zephyr", mode="words", filters={"category": [["Home"]], "price_max": 3})
        said = answer["fallback"]
        assert (said["step"], said["category"], said["relaxed"]) == ("bestsellers", ["Home"], ["price"])
        shards[0][0].suggestions = {"categories": [{"name": ["Home", "Lamps"], "products": 2, "rank": [1, 0, 1]}]}
        named = await tier.search(text="zephyr lamps", mode="words")
        assert (named["fallback"]["step"], named["fallback"]["category"]) == ("bestsellers", ["Home", "Lamps"])
        assert shards[0][0].queries[-1]["filters"]["category"] == [["Home", "Lamps"]]
        shards[0][0].suggestions = {}
        newest = await tier.search(text="zephyr", mode="words")
        assert (newest["fallback"]["step"], newest["fallback"]["text"]) == ("newest", "")
        assert len(newest["hits"]) == 4


async def test_the_most_popular_of_the_category_come_first() -> None:
    kept, shards = MemoryPopularity(), shelves()
    counts = {"shade": 9.0, "lamp": 90.0, "mug": 900.0, "gone": 2.0}
    await kept.put(0, Tally(1, 5, 1_700_000_000_000, 1_700_000_000_000, counts))
    async with Tier(shards, popularity=kept) as tier:
        await tier.wiring.ranking.popular.refresh()
        wished = {"category": [["Lamps"]], "not": {"brand": ["Clay"]}}
        answer = await tier.search(text="zephyr", mode="words", filters=wished, limit=1)
        assert (answer["fallback"]["step"], answer["fallback"]["category"]) == ("bestsellers", ["Lamps"])
        second = await tier.search(text="zephyr", mode="words", filters=wished, limit=1, page=2)
        assert [one["hits"][0]["sku"] for one in (answer, second)] == ["lamp", "shade"]
        assert (answer["hits"][0]["relevance"], answer["hits"][0]["words"]) == (None, None)


async def test_each_step_can_be_switched_off() -> None:
    async with Tier(shelves(), fallback=["newest"]) as tier:
        assert (await tier.search(text="zephyr red lamp", mode="words"))["fallback"]["step"] == "newest"
        off = await tier.search(text="zephyr", mode="words", fallback=[])
        assert (off["fallback"], off["hits"]) == (None, [])
        asked = await tier.search(text="zephyr red lamp", mode="words", fallback=["meaning", "drop"])
        assert asked["fallback"]["step"] == "drop"
        response = await tier.client.post("/v1/search", json={"fallback": ["magic"]})
        assert response.status == 400


async def test_how_few_are_too_few_is_a_setting() -> None:
    for below, step in ((0, None), (2, None), (3, "meaning")):
        async with Tier(shelves(), fallback_below=below) as tier:
            said = (await tier.search(text="red lamp"))["fallback"]
            assert (said and said["step"]) == step
    ServingSettings(fallback_below=FALLBACK_BELOW_MAX)
    with pytest.raises(ValueError, match="less than or equal"):
        ServingSettings(fallback_below=FALLBACK_BELOW_MAX + 1)


async def test_a_step_that_hangs_is_left_within_the_budget() -> None:
    shards = shelves()

    async def stuck_when_asked_again() -> None:
        if len(shards[0][0].asked_words) > 1:
            await asyncio.Event().wait()

    shards[0][0].behave_words = stuck_when_asked_again
    async with Tier(shards, search_budget_ms=300) as tier:
        async with asyncio.timeout(2.0):
            answer = await tier.search(text="zephyr red lamp", mode="words")
        assert answer["fallback"] is None or answer["hits"]
        assert [line for line in tier.lines.lines if line[1] == "stage_failed"] == []


async def test_where_no_shard_answers_nothing_is_climbed() -> None:
    async def broken() -> web.Response:
        return web.Response(status=500)

    shards = shelves()
    for group in shards:
        group[0].behave = group[0].behave_words = broken
    async with Tier(shards) as tier:
        assert await tier.unanswered(text="zephyr", explain=True) == ["shard-0", "shard-1"]
        assert tier.counted("freshet_fallback_total", step="none") == 0


async def test_the_served_log_keeps_the_steps() -> None:
    async with Tier(shelves()) as tier:
        await tier.search(text="zephyr", mode="words", typing=True)
        await tier.wiring.served.drain()
        kept = [one for number in (0, 1) for batch in tier.log.read("served", number, 0) for one in batch]
        record = decode(Served, kept[-1].value or b"")
        assert record.fallback and record.fallback.step == "newest" and record.typing
        assert [(one.step, one.found) for one in record.tried] == [
            ("drop", False), ("relax", False), ("meaning", False), ("bestsellers", False), ("newest", True)
        ]  # fmt: skip


def test_what_is_left_out_first() -> None:
    rarities = {"zephyr": 9.0, "red": 1.0, "velvet": 5.0, "lamp": 2.0, "desk": 3.0}
    text = "Zephyr red velvet desk lamp"
    assert list(shorter(text, rarities, ["zephyr"])) == [
        (("zephyr",), "red velvet desk lamp"), (("zephyr", "red"), "velvet desk lamp")
    ]  # fmt: skip
    assert list(shorter("red sneakers", {"red": 1.0, "sneakers": 9.0}, ["sneakers"])) == []  # half is another query
    assert list(shorter("a b c", {"a": 3.0, "b": 2.0, "c": 1.0}, [])) == [(("c",), "a b")]
    assert list(shorter("a b d", {"a": 3.0, "b": 2.0, "c": 1.0}, [])) == []  # the word does not stand there so
    many = {str(number): float(number) for number in range(20)}
    assert len(list(shorter(" ".join(many), many, []))) == DROPS_MAX
    assert without("Café  crème, ROSÉ-wine", ["creme", "rose"]) == "Café , -wine"


def test_which_filters_may_be_left_out() -> None:
    every = Filters.model_validate(
        {
            "brand": ["a"],
            "category": [["x"]],
            "price_max": 3.0,
            "currency": "EUR",
            "in_stock": True,
            "attributes": {"colour": ["red"], "watts": {"min": 3.0}},
            "all": [{"brand": ["b"]}],
            "any": [{"brand": ["c"]}],
            "not": {"brand": ["d"]},
        }
    )
    price = Filters(price_max=9.0)
    names = relaxable(every, price)
    assert names == [
        "attributes.colour", "attributes.watts", "understood.price", "price", "brand", "in_stock", "category"
    ]  # fmt: skip
    left = relaxed(every, price, names)
    assert (
        left.asked == Filters.model_validate({"all": every.all, "any": every.any, "not": every.not_})
        and left.price.empty
    )
    some = relaxed(every, price, ["attributes.colour", "price"])
    assert some.asked.attributes == {"watts": NumberRange(min=3.0)} and some.price == price
    assert (some.asked.price_max, some.asked.currency, some.asked.brand) == (None, None, ["a"])
    assert relaxable(Filters.model_validate({"not": {"brand": ["d"]}}), NO_FILTERS) == []


async def test_as_few_filters_as_will_do() -> None:
    asked = Filters(brand=["a"], in_stock=True, category=[["x"]])
    tried: list[tuple[str, ...]] = []

    async def probe(needed: set[str]) -> tuple[str, ...] | None:
        async def enough(one: Relaxed) -> bool:
            tried.append(one.names)
            return needed <= set(one.names)

        found = await least(asked, NO_FILTERS, enough)
        return found.names if found else None

    assert await probe({"in_stock"}) == ("in_stock",)
    assert await probe({"brand", "in_stock"}) == ("brand", "in_stock")
    assert await probe({"brand", "category"}) == ("brand", "in_stock", "category")
    assert await probe({"words"}) is None
    tried.clear()
    asked = Filters(attributes={str(number): ["v"] for number in range(20)})
    assert await probe({"attributes.0", "attributes.19"}) == tuple(f"attributes.{number}" for number in range(20))
    assert len(tried) == PROBES_MAX + 1


def test_the_steps_are_those_of_the_ladder() -> None:
    assert ServingSettings().fallback == list(FALLBACK_STEPS)
