"""Facets over several shards count what a look at every product counts, whatever is filtered, matched and asked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from index_snapshots.apply import apply
from index_snapshots.facet_counts import count
from index_snapshots.match_set import Everything, MatchSet, These
from index_snapshots.view import ShardView
from schemas.errors import InvalidRequest, Unavailable
from schemas.facet_ask import FacetAsk
from schemas.facet_check import check_facets, spelt_out
from schemas.facet_counts import FacetCounts, ShardFacet
from schemas.filter_groups import without
from schemas.filters import Filters, NumberRange
from schemas.limits import FACET_EDGES_MAX, FACET_VALUES_MAX, FACET_VALUES_SENT_MAX, FACETS_ASKED_MAX
from schemas.records import Content, Offer, OfferRecord, Order
from schemas.search import SearchRequest
from serving.facet_merge import merged
from serving.matched import ENOUGH
from tests.unit.index_snapshots.drawing import contents, offers
from tests.unit.index_snapshots.making import FACETS, document, excluding, logged, shard
from tests.unit.serving.fakes import FakeEncoding, FakeShard, Tier, hit, state

ASKS = (
    FacetAsk(field="brand"),
    FacetAsk(field="brand", limit=1, search="b"),
    FacetAsk(field="category", levels=3),
    FacetAsk(field="category", below=["Home"], levels=1, search="LÁM"),
    FacetAsk(field="in_stock"),
    FacetAsk(field="price"),
    FacetAsk(field="price", currency="USD", ranges=[0.0, 9.99, 20.0]),
    FacetAsk(field="attributes.colour", limit=2),
    FacetAsk(field="attributes.watts", ranges=[0.5, 7.0]),
    FacetAsk(field="attributes.watts", values=2),
    FacetAsk(field="price", values=100),
)
FILTERS = (
    Filters(),
    Filters(brand=["Anker"]),
    Filters(category=[["Home"]], price_max=10.0),
    Filters(in_stock=True, currency="EUR", attributes={"colour": ["red", True]}),
    Filters(attributes={"colour": ["red"], "watts": NumberRange(min=1)}),
    excluding(Filters(brand=["Bosch"]), brand=["Bosch"]),
    Filters(brand=["Anker"], all=[Filters(brand=["Anker", "Bosch"], attributes={"colour": ["blue"]})]),
)


@dataclass(frozen=True)
class Product:
    content: Content
    offer: Offer | None

    def passes(self, filters: Filters) -> bool:
        """As docs/api.md says it, in the plainest words."""
        price = self.offer.price if self.offer else None
        path = tuple(self.content.category or ())
        asked = [
            filters.brand is None or self.content.brand in filters.brand,
            filters.category is None or any(path[: len(one)] == tuple(one) for one in filters.category),
            filters.price_min is None or (price is not None and price.amount >= filters.price_min),
            filters.price_max is None or (price is not None and price.amount <= filters.price_max),
            filters.currency is None or (price is not None and price.currency == filters.currency),
            filters.in_stock is None or (self.offer is not None and self.offer.in_stock) == filters.in_stock,
            *(self._has(name, wanted) for name, wanted in (filters.attributes or {}).items()),
            *(self.passes(inner) for inner in filters.all or ()),
            filters.any is None or any(self.passes(inner) for inner in filters.any),
            filters.not_ is None or not self.passes(filters.not_),
        ]
        return all(asked)

    def _has(self, name: str, wanted: list[str | bool] | NumberRange) -> bool:
        if isinstance(wanted, NumberRange):
            low, high = wanted.min if wanted.min is not None else -inf, wanted.max if wanted.max is not None else inf
            return any(low <= number <= high for number in self.numbers(name))
        return any(type(value) is type(one) and value == one for value in self.values(name) for one in wanted)

    def _items(self, name: str) -> list[Any]:
        given = self.content.attributes.get(name)
        return given if isinstance(given, list) else [] if given is None else [given]

    def values(self, name: str) -> list[str | bool]:
        return list({(type(one), one): one for one in self._items(name) if isinstance(one, (str, bool))}.values())

    def numbers(self, name: str) -> list[float]:
        found = {float(one) for one in self._items(name) if isinstance(one, (int, float)) and not isinstance(one, bool)}
        return sorted(found)


def truth(products: Iterable[Product], ask: FacetAsk, filters: Filters) -> FacetCounts:
    passing = [product for product in products if product.passes(without(filters, [ask.field], units=False))]
    if ask.field == "price" or ask.field == "attributes.watts":
        return numbers(passing, ask, filters)
    found = Counter(value for product in passing for value in values(product, ask))
    words = (ask.search or "").lower().replace("á", "a")
    kept = [(value, number) for value, number in found.items() if str(text(value)).lower().startswith(words)]
    kept.sort(key=lambda pair: (-pair[1], is_bool(pair[0]), str(pair[0]) if is_bool(pair[0]) else pair[0]))
    told = [{"value": list(v) if isinstance(v, tuple) else v, "count": number} for v, number in kept[: ask.limit]]
    return FacetCounts.model_validate({"values": told, "distinct": len(kept)})


def is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def text(value: Any) -> Any:
    return value[-1] if isinstance(value, tuple) else value


def values(product: Product, ask: FacetAsk) -> list[Any]:
    if ask.field == "brand":
        return [product.content.brand] if product.content.brand else []
    if ask.field == "in_stock":
        return [bool(product.offer and product.offer.in_stock)]
    if ask.field == "category":
        path, root = tuple(product.content.category or ()), tuple(ask.below)
        depths = range(len(root) + 1, min(len(path), len(root) + ask.levels) + 1)
        return [path[:depth] for depth in depths] if path[: len(root)] == root else []
    return [one if isinstance(one, str) else (one,)[0] for one in product.values("colour")]


def numbers(passing: Sequence[Product], ask: FacetAsk, filters: Filters) -> FacetCounts:
    currency = None
    if ask.field == "price":
        priced = [product.offer.price for product in passing if product.offer and product.offer.price]
        used = Counter(price.currency for price in priced)
        most = min(used, key=lambda one: (-used[one], one)) if used else None
        currency = ask.currency or filters.currency or most
        held = [[price.amount] for price in priced if price.currency == currency]
    else:
        held = [product.numbers("watts") for product in passing]
    every = [number for each in held for number in each]
    if not every:
        return FacetCounts(currency=currency)
    edges = ask.ranges or ([1.0, 2.0, 5.0, 10.0, 20.0, 50.0] if ask.field == "price" else [])
    ends = list(pairwise([None, *edges, None])) if edges else []
    ranges = []
    for low, high in ends:
        inside = [any((low or -inf) <= one <= (inf if high is None else high) for one in each) for each in held]
        ranges.append({"min": low, "max": high, "count": sum(inside)})
    if ranges and not ask.ranges:
        filled = [at for at, each in enumerate(ranges) if each["count"]]
        ranges = ranges[filled[0] : filled[-1] + 1]
    stats = {"count": len(every), "min": min(every), "max": max(every), "avg": sum(every) / len(every)}
    told = sorted(Counter(every).items(), key=lambda pair: (-pair[1], pair[0]))
    values = [{"value": value, "count": number} for value, number in told[: ask.values]]
    more = {"values": values, "distinct": len(told)} if ask.values else {}
    return FacetCounts.model_validate({"stats": stats, "ranges": ranges, "currency": currency, **more})


def shards(parts: Sequence[Sequence[Product]]) -> list[ShardView]:
    views = []
    for products in parts:
        one = shard()
        apply(
            logged("documents", [document(f"p{at}", at + 1, of=each.content) for at, each in enumerate(products)]), one
        )
        offered = [
            OfferRecord(sku=f"p{at}", order=Order(1, at + 1), offer=each.offer, live_since=Order(1, 0))
            for at, each in enumerate(products)
            if each.offer is not None
        ]
        apply(logged("offers", offered), one)
        views.append(one.view)
    return views


products = st.builds(Product, contents, st.none() | offers)


def same(found: FacetCounts, true: FacetCounts) -> bool:
    if found.stats is not None and true.stats is not None:
        assert found.stats.avg == pytest.approx(true.stats.avg)
        found = found.model_copy(update={"stats": found.stats.model_copy(update={"avg": true.stats.avg})})
    return found == true


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(products, max_size=12), min_size=1, max_size=3), st.sampled_from(FILTERS), st.booleans())
def test_counts_are_those_of_every_product(parts: list[list[Product]], filters: Filters, half: bool) -> None:
    views = shards(parts)
    matching = [[each for at, each in enumerate(part) if not half or at % 2] for part in parts]
    sets: list[MatchSet] = [
        These(view, np.sort([view.words.slot_of[f"p{at}"] for at in range(len(part)) if at % 2]).astype(np.int64))
        if half
        else Everything(view)
        for view, part in zip(views, parts, strict=True)
    ]
    for ask in ASKS:
        counted = [count(view, match, filters, [ask], 100) for view, match in zip(views, sets, strict=True)]
        every = [product for part in matching for product in part]
        true = truth(every, ask, filters)
        assert same(merged(ask, [each.facets[ask.field] for each in counted], filters), true), (ask, true)
        assert sum(each.matching for each in counted) == sum(product.passes(filters) for product in every)


def cut(values: Sequence[str], counts: Sequence[int], left_out_max: int = 0) -> ShardFacet:
    return ShardFacet(values=list(values), counts=list(counts), distinct=9, left_out_max=left_out_max)


@pytest.mark.parametrize(
    ("parts", "limit", "exact"),
    [
        ([cut("ab", [5, 4]), cut("ab", [3, 3])], 2, True),  # nothing was left out
        ([cut("ab", [5, 4], 4)], 1, True),  # one shard knows all
        ([cut("ab", [5, 4], 2), cut("ab", [3, 3], 1)], 2, True),  # what was left out has 3 at most
        ([cut("ab", [5, 4], 4), cut("ab", [3, 3], 3)], 2, False),  # it might have 7, as many as b
        ([cut("ab", [5, 4], 4), cut("ac", [3, 3], 1)], 2, False),  # b may have one more
        ([cut("ab", [5, 4], 4), cut("ac", [9, 3], 1)], 1, True),  # c may have 7, fewer than a
    ],
)
def test_what_a_shard_left_out_is_told_when_it_could_count(parts: list[ShardFacet], limit: int, exact: bool) -> None:
    found = merged(FacetAsk(field="brand", limit=limit), parts, Filters())
    assert (found.exact, found.distinct) == (exact, 9)


def test_a_shard_sends_the_values_of_most_products_and_what_the_others_have_at_most() -> None:
    brands = [*"aabbbcd"]
    (view,) = shards([[Product(Content(title="Lamp", brand=brand), None) for brand in brands]])
    found = count(view, Everything(view), Filters(), [FacetAsk(field="brand")], 3).facets["brand"]
    assert (found.values, found.counts, found.distinct, found.left_out_max) == (["b", "a", "c"], [3, 2, 1], 4, 1)
    found = count(view, Everything(view), Filters(), [FacetAsk(field="brand")], 4).facets["brand"]
    assert (found.counts, found.left_out_max) == ([3, 2, 1, 1], 0)


def test_of_many_numbers_those_of_most_products_are_sent() -> None:
    """With more values than sent, and told so where what was left out could count."""
    watts = [7, 7, 7, 0.5, 0.5, 3, [3, 9], -2]
    parts = shards([[Product(Content(title="Lamp", attributes={"watts": each}), None) for each in watts]] * 2)
    ask = FacetAsk(field="attributes.watts", values=2)
    counted = [count(view, Everything(view), Filters(), [ask], 3).facets[ask.field] for view in parts]
    told = counted[0].numbers[""].told
    assert (told.values, told.counts, told.distinct, told.left_out_max) == ([7.0, 0.5, 3.0], [3, 2, 2], 5, 2)
    found = merged(ask, counted, Filters())
    assert ([(one.value, one.count) for one in found.values], found.exact) == ([(7.0, 6), (0.5, 4)], False)
    assert merged(ask, counted[:1], Filters()).exact and (found.stats is not None and found.stats.count == 18)


def asked(*facets: Any) -> SearchRequest:
    return SearchRequest.model_validate({"facets": [*facets]})


def test_limits_of_what_is_asked() -> None:
    attributes = [f"attributes.{number}" for number in range(FACETS_ASKED_MAX + 1)]
    edges = [float(number) for number in range(FACET_EDGES_MAX + 1)]
    asked(*attributes[:-1])
    asked({"field": "price", "ranges": edges[:-1]}, {"field": "brand", "limit": FACET_VALUES_MAX})
    asked({"field": "price", "values": FACET_VALUES_MAX})
    wrong: list[tuple[list[Any], str]] = [
        (attributes, f"at most {FACETS_ASKED_MAX} items"),
        ([{"field": "price", "ranges": edges}], f"at most {FACET_EDGES_MAX} items"),
        ([{"field": "price", "ranges": [2.0, 2.0]}], "must ascend"),
        ([{"field": "brand", "limit": FACET_VALUES_MAX + 1}], f"less than or equal to {FACET_VALUES_MAX}"),
        ([{"field": "price", "values": FACET_VALUES_MAX + 1}], f"less than or equal to {FACET_VALUES_MAX}"),
        (["brand", "brand"], "brand is asked for twice"),
        (["colour"], r"must be one of brand, category, in_stock, price, attributes.NAME or \*"),
        ([{"field": "price", "search": "x", "limit": 3}], "limit and search mean nothing for price"),
        ([3], "should be"),
    ]
    for facets, says in wrong:
        with pytest.raises(ValidationError, match=says):
            asked(*facets)


def test_a_question_reads_back_as_it_was_written() -> None:
    request = asked("brand", {"field": "category", "below": ["Home"], "levels": 2}, {"field": "price", "ranges": [1.0]})
    assert SearchRequest.model_validate_json(request.model_dump_json()) == request


@pytest.mark.parametrize(
    ("ask", "code", "says"),
    [
        (FacetAsk(field="attributes.size"), "undeclared_attribute", "'size' is not declared as a facet"),
        (FacetAsk(field="attributes.watts", search="7"), "wrong_attribute_kind", "search means nothing for"),
        (FacetAsk(field="attributes.colour", ranges=[1.0]), "wrong_attribute_kind", "which holds a value"),
        (FacetAsk(field="attributes.colour", values=1), "wrong_attribute_kind", "values means nothing for"),
    ],
)
def test_what_is_not_declared_so_is_refused(ask: FacetAsk, code: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as refused:
        check_facets([FacetAsk(field="brand"), ask], FACETS)
    assert refused.value.code == code and refused.value.problems[0].field.startswith("facets.1")


def brands(**counts: int) -> dict[str, Any]:
    return {"brand": {"values": [*counts], "counts": [*counts.values()], "distinct": len(counts)}}


def shop(holding: int = 0, codes: Sequence[str] = ()) -> list[list[FakeShard]]:
    say = {"unfiltered": holding, "matching": holding // 2, "codes": [*codes]}
    first = FakeShard(state(0), [hit("a"), hit("b")], words={"a": 2.0}, words_say=say, facets=brands(Lumen=2))
    second = FakeShard(state(1), [hit("c")], words={"c": 1.0}, words_say=say, facets=brands(Anker=4, Lumen=1))
    return [[first], [second]]


async def test_an_answer_holds_the_facets_of_all_shards() -> None:
    async with Tier(shop()) as tier:
        answer = await tier.search(text="lamp", facets=["brand"])
        assert (answer["found"], answer["degraded"]) == (3, [])
        assert answer["facets"]["brand"]["values"] == [{"value": "Anker", "count": 4}, {"value": "Lumen", "count": 3}]


async def test_a_shard_that_cannot_count_is_named() -> None:
    shards = shop()
    shards[1][0].counts = False
    async with Tier(shards) as tier:
        answer = await tier.search(text="lamp", facets=["brand"])
        assert answer["facets"]["brand"]["values"] == [{"value": "Lumen", "count": 2}]
        assert answer["degraded"] == ["facets-1"]


@pytest.mark.parametrize(
    ("shards", "request_", "match", "found"),
    [
        (shop(ENOUGH // 2), {}, "words", ENOUGH // 2),
        (shop(ENOUGH // 2 - 1), {}, "candidates", 3),
        (shop(1, ["wh1000"]), {}, "words", 0),
        (shop(ENOUGH), {"mode": "vector"}, "candidates", 3),
        (shop(0), {"mode": "words"}, "candidates", 3),
        (shop(ENOUGH), {"text": ""}, "passing", 3),
    ],
)
async def test_which_products_match(
    shards: list[list[FakeShard]], request_: dict[str, Any], match: str, found: int
) -> None:
    async with Tier(shards, served_full_share=1.0) as tier:
        answer = await tier.search(**{"text": "lamp", "explain": True, **request_})
        assert (answer["explain"]["match"], answer["found"]) == (match, found)
        counting = shards[0][0].queries[0]["counting"]
        assert (counting is not None) == (match == "candidates"), "what the words have said is not asked again"
        await tier.search(**{"text": "lamp", "facets": ["brand"], **request_})
        counting = shards[0][0].queries[1]["counting"]
        assert (counting["match"], counting["sent_max"]) == (match, FACET_VALUES_SENT_MAX)


async def test_one_shard_sends_no_more_than_is_told() -> None:
    shards = shop()[:1]
    async with Tier(shards) as tier:
        await tier.search(text="lamp", facets=["in_stock", {"field": "brand", "limit": 7}])
        assert shards[0][0].queries[0]["counting"]["sent_max"] == 10


async def test_facets_of_what_is_not_declared_are_refused() -> None:
    async with Tier(shop()) as tier:
        response = await tier.client.post("/v1/search", json={"facets": ["attributes.size"]})
        assert (response.status, (await response.json())["code"]) == (400, "undeclared_attribute")


async def test_where_nothing_can_be_searched_by_all_match() -> None:
    shards = shop()
    for (one,) in shards:
        one.words = {}
    async with Tier(shards, encoding=FakeEncoding(Unavailable("loading"))) as tier:
        answer = await tier.search(text="lamp", explain=True, fallback=[])
        assert (answer["explain"]["match"], answer["found"], len(answer["hits"])) == ("passing", 3, 3)
        answer = await tier.search(text="lamp", mode="words", explain=True, fallback=[])
        assert (answer["explain"]["match"], answer["hits"]) == ("candidates", [])


def test_a_star_is_every_declared_attribute_that_is_not_asked_for_by_itself() -> None:
    asked = SearchRequest.model_validate({"facets": ["brand", "*", {"field": "attributes.colour", "limit": 3}]}).facets
    told = spelt_out(asked, {"colour": "value", "watts": "number"})
    assert [(ask.field, ask.limit) for ask in told] == [
        ("brand", 10),
        ("attributes.colour", 3),
        ("attributes.watts", 10),
    ]
    assert spelt_out(asked[:1], {"colour": "value"}) == asked[:1] and spelt_out([FacetAsk(field="*")], {}) == []
    with pytest.raises(ValidationError, match="limit means nothing for \\*"):
        FacetAsk(field="*", limit=3)


def test_numbers_of_an_attribute_have_no_currency_whatever_prices_are_filtered_by() -> None:
    part = ShardFacet.model_validate({"numbers": {"": {"count": 1, "min": 9, "max": 9, "total": 9, "ranges": []}}})
    found = merged(FacetAsk(field="attributes.watts"), [part], Filters(currency="EUR"))
    assert found.stats is not None and (found.stats.max, found.currency) == (9, None)


async def test_a_search_counts_every_declared_attribute_for_a_star() -> None:
    shard_ = FakeShard(hits=[hit("a")])
    async with Tier([[shard_]], facets=["colour:value", "watts:number"]) as tier:
        await tier.search(facets=["*"])
        asked = shard_.queries[-1]["counting"]["facets"]
        assert [one["field"] for one in asked] == ["attributes.colour", "attributes.watts"]
