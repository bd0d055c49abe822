"""The features of the best hits, from what the shards tell of them, what is popular, and how new they are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log10
from statistics import median
from typing import Final, NamedTuple, Protocol

from schemas.fusion import Fused
from schemas.ranking import Traits
from serving.ranking.diversity import price_band
from serving.ranking.newness import Calendar, newness
from serving.ranking.stage import Candidate, Features

FAR: Final = 1.0
"""How many powers of ten a price may lie from the median before it counts as fully unlike the others."""


class Trait(NamedTuple):
    """What is told of one product."""

    partition: int
    in_stock: bool
    wanted: int
    price: float | None
    currency: str | None
    live_since: tuple[int, int] | None
    """Generation and offset of an event."""
    category: tuple[str, ...]


class Known(Protocol):
    def of(self, sku: str) -> float: ...


class Moment(NamedTuple):
    """By what the age of products is told."""

    calendar: Calendar
    now_ms: int
    half_life_ms: float


def traits_of(told: Mapping[int, Traits], skus: Sequence[str]) -> dict[str, Trait]:
    """By SKU, of these SKUs those that are told of; `told`: by partition."""
    found = {}
    for partition, one in told.items():
        places = dict(zip(one.skus, range(len(one.skus)), strict=True))
        paths = [tuple(path) for path in one.paths]
        for sku in skus:
            at = places.get(sku)
            if at is None:
                continue
            category = one.categories[at]
            found[sku] = Trait(
                partition,
                one.in_stock[at],
                one.wanted[at],
                one.prices[at],
                one.currencies[at],
                one.live_since[at],
                () if category is None else paths[category],
            )
    return found


def candidates_of(
    best: Sequence[Fused], traits: Mapping[str, Trait], wanted: int, popular: Known, moment: Moment
) -> list[Candidate]:
    """In the order given. `wanted`: how many values the query names. Of what no shard tells anything only its relevance
    counts."""
    currency = main_currency(traits[one.sku] for one in best if one.sku in traits)
    prices = {one.sku: trait.price for one in best if (trait := traits.get(one.sku)) and trait.currency == currency}
    middle = median([price for price in prices.values() if price] or [0.0])
    return [_candidate(one, traits.get(one.sku), wanted, prices.get(one.sku), middle, popular, moment) for one in best]


def main_currency(traits: Iterable[Trait]) -> str | None:
    """The one that most prices are in, of equal ones the first by name: prices in others are not compared."""
    counted = Counter(trait.currency for trait in traits if trait.currency)
    return min(counted, key=lambda code: (-counted[code], code), default=None)


def price_distance(price: float | None, middle: float) -> float:
    """0..1: how far from the middle, on a logarithmic scale; 0 without a price."""
    if price is None or price <= 0 or middle <= 0:
        return 0.0
    return min(1.0, abs(log10(price / middle)) / FAR)


def _candidate(
    one: Fused, trait: Trait | None, wanted: int, price: float | None, middle: float, popular: Known, moment: Moment
) -> Candidate:
    if trait is None:
        return Candidate(one.sku, Features(relevance=one.relevance), one.relevance)
    since = trait.live_since
    age_ms = None if since is None else moment.calendar.age_ms(trait.partition, since, moment.now_ms)
    features = Features(
        relevance=one.relevance,
        in_stock=trait.in_stock,
        named=trait.wanted / wanted if wanted else 0.0,
        popularity=popular.of(one.sku),
        newness=newness(age_ms, moment.half_life_ms),
        price=price_distance(price, middle),
    )
    return Candidate(one.sku, features, one.relevance, trait.category, price_band(price))
