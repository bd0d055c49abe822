"""Hits by price, by age and by popularity: of all that match, over several shards, on pages that never overlap."""

from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_snapshots.match_set import Everything
from index_snapshots.sorting import in_order
from schemas.filters import Filters
from schemas.records import Content, Offer, Price
from schemas.shard_messages import ShardAnswer
from schemas.sorting import POPULAR_SORTED_MAX, Sort
from serving import sorting
from streams.memory_popularity import MemoryPopularity
from streams.popularity import Tally
from tests.unit.index_snapshots.making import hits
from tests.unit.serving.fakes import FakeShard, Tier, hit, state
from tests.unit.serving.test_facets import Product, shards

NOW_MS = 1_700_000_000_000
"""The clock of `Tier`."""
SORTS: tuple[Sort, ...] = ("price_asc", "price_desc", "newest", "popularity")
costs = st.none() | st.sampled_from((0.0, 1.0, 2.5)).map(lambda amount: Price(amount=amount, currency="EUR"))
products = st.builds(
    Product, st.just(Content(title="Lamp")), st.none() | st.builds(lambda cost: Offer(price=cost, stock=1), costs)
)


def key(product: Product, order: int, sort: Sort, popular: list[str]) -> float:
    price = product.offer.price if product.offer else None
    if sort == "popularity" and f"p{order - 1}" in popular:
        return popular.index(f"p{order - 1}") - 1_000
    if sort in ("newest", "popularity"):
        return -order
    return inf if price is None else -price.amount if sort == "price_desc" else price.amount


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(products, max_size=12), min_size=1, max_size=3),
    st.integers(1, 9),
    st.sampled_from(SORTS),
    st.permutations([f"p{at}" for at in range(20)]).map(lambda skus: skus[:9]),
)
def test_sorted_is_what_sorting_every_product_gives(
    parts: list[list[Product]], limit: int, sort: Sort, popular: list[str]
) -> None:
    answers: list[ShardAnswer] = []
    every: list[tuple[float, str]] = []
    for number, (view, part) in enumerate(zip(shards(parts), parts, strict=True)):
        found = in_order(view, Everything(view).slots(Filters()), sort, limit, popular)
        assert len(found) == min(limit, len(part))
        answers.append(ShardAnswer(hits=hits(view, found), matching=0, state=state(number)))
        every += [(key(product, at + 1, sort, popular), f"p{at}") for at, product in enumerate(part)]
    merged = sorting.in_order(answers, sort, popular)
    told = [one.sku for one in merged[:limit]]
    wanted = sorted(every)[:limit]
    assert told == [sku for _, sku in wanted]


def shop() -> list[list[FakeShard]]:
    def priced(sku: str, price: float | None) -> Any:
        cost = None if price is None else Price(amount=price, currency="EUR")
        return hit(sku).model_copy(update={"offer": Offer(price=cost, stock=1)})

    first = FakeShard(state(0), [priced("b", 1.0), priced("d", 3.0), priced("e", None)])
    return [[first], [FakeShard(state(1), [priced("a", 1.0), priced("c", 2.0)])]]


def skus(answer: dict[str, Any]) -> list[str]:
    return [item["sku"] for item in answer["hits"]]


async def test_the_tier_merges_what_the_shards_have_sorted() -> None:
    shards = shop()
    async with Tier(shards) as tier:
        answer = await tier.search(sort="price_asc", limit=3)
        assert (skus(answer), answer["found"], answer["degraded"]) == (["a", "b", "c"], 5, [])
        assert skus(await tier.search(sort="price_asc", limit=3, page=2)) == ["d", "e"]
        assert skus(await tier.search(text="lamp", sort="price_desc")) == ["d", "c", "a", "b", "e"]
        query = shards[0][0].queries[-1]
        assert (query["sort"], query["counting"]["match"]) == ("price_desc", "candidates")


async def test_what_is_popular_comes_first_then_the_newest() -> None:
    kept = MemoryPopularity()
    await kept.put(0, Tally(1, 5, NOW_MS, NOW_MS, {"c": 2.0, "x": 3.0, "b": 9.0}))
    shards = shop()
    async with Tier(shards, popularity=kept) as tier:
        await tier.wiring.ranking.popular.refresh()
        answer = await tier.search(sort="popularity")
        assert skus(answer) == ["b", "c", "a", "d", "e"]
        assert [part[0].queries[-1]["popular"] for part in shards] == [["b", "x", "c"]] * 2
        await kept.put(0, Tally(1, 6, NOW_MS, NOW_MS, {"a": 9.0}))
        await tier.wiring.ranking.popular.refresh()
        assert skus(await tier.search(sort="popularity", limit=1)) == ["a"]
        await tier.search(sort="newest")
        assert shards[0][0].queries[-1]["popular"] == []


@pytest.mark.parametrize("count", [POPULAR_SORTED_MAX, POPULAR_SORTED_MAX + 1])
async def test_so_many_popular_products_are_sorted(count: int) -> None:
    kept = MemoryPopularity()
    await kept.put(0, Tally(1, 5, NOW_MS, NOW_MS, {f"s{at}": count - at for at in range(count)}))
    async with Tier(shop(), popularity=kept) as tier:
        popular = tier.wiring.ranking.popular
        await popular.refresh()
        assert (await tier.search(sort="popularity"))["found"] == 5
        first = popular.first(POPULAR_SORTED_MAX)
        assert (len(first), first[0], first[-1]) == (POPULAR_SORTED_MAX, "s0", f"s{POPULAR_SORTED_MAX - 1}")


async def test_a_shard_that_cannot_tell_what_matches_is_named() -> None:
    shards = shop()
    shards[0][0].counts = False
    shards[0][0].hits = []
    async with Tier(shards) as tier:
        answer = await tier.search(sort="price_asc")
        assert (skus(answer), answer["degraded"]) == (["a", "c"], ["sort-0"])


@pytest.mark.parametrize("sort", ["price", "popular", ""])
async def test_other_orders_are_refused(sort: str) -> None:
    async with Tier(shop()) as tier:
        assert (await tier.client.post("/v1/search", json={"sort": sort})).status == 400
