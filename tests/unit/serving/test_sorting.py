"""Hits by price and by age: of all that match, over several shards, on pages that never overlap."""

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
from schemas.sorting import Sort
from serving import sorting
from tests.unit.index_snapshots.making import hits
from tests.unit.serving.fakes import FakeShard, Tier, hit, state
from tests.unit.serving.test_facets import Product, shards

SORTS: tuple[Sort, ...] = ("price_asc", "price_desc", "newest")
costs = st.none() | st.sampled_from((0.0, 1.0, 2.5)).map(lambda amount: Price(amount=amount, currency="EUR"))
products = st.builds(
    Product, st.just(Content(title="Lamp")), st.none() | st.builds(lambda cost: Offer(price=cost, stock=1), costs)
)


def key(product: Product, order: int, sort: Sort) -> float:
    price = product.offer.price if product.offer else None
    if sort == "newest":
        return -order
    return inf if price is None else -price.amount if sort == "price_desc" else price.amount


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(products, max_size=12), min_size=1, max_size=3), st.integers(1, 9), st.sampled_from(SORTS))
def test_sorted_is_what_sorting_every_product_gives(parts: list[list[Product]], limit: int, sort: Sort) -> None:
    answers: list[ShardAnswer] = []
    every: list[tuple[float, str]] = []
    for number, (view, part) in enumerate(zip(shards(parts), parts, strict=True)):
        found = in_order(view, Everything(view).slots(Filters()), sort, limit)
        assert len(found) == min(limit, len(part))
        answers.append(ShardAnswer(hits=hits(view, found), matching=0, state=state(number)))
        every += [(key(product, at + 1, sort), f"p{at}") for at, product in enumerate(part)]
    merged = sorting.in_order(answers, sort)
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


async def test_a_shard_that_cannot_tell_what_matches_is_named() -> None:
    shards = shop()
    shards[0][0].counts = False
    shards[0][0].hits = []
    async with Tier(shards) as tier:
        answer = await tier.search(sort="price_asc")
        assert (skus(answer), answer["degraded"]) == (["a", "c"], ["sort-0"])


@pytest.mark.parametrize("sort", ["price", "popularity", ""])
async def test_other_orders_are_refused(sort: str) -> None:
    async with Tier(shop()) as tier:
        assert (await tier.client.post("/v1/search", json={"sort": sort})).status == 400
