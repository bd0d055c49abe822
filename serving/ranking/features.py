"""The features of the best hits, from what the shards tell of them, what is popular, and how new they are."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import log10
from statistics import median
from typing import Final, NamedTuple, Protocol

from schemas.fusion import Fused
from schemas.ranking import Traits
from serving.ranking.diversity import price_band
from serving.ranking.newness import Calendar, newness
from serving.ranking.stage import Window

FAR: Final = 1.0
"""How many powers of ten a price may lie from the median before it counts as fully unlike the others."""

Trait = tuple[bool, int, float | None, str | None, float, tuple[str, ...]]
"""What is told of one product: in stock, wanted filters passed, price, currency, newness, category."""
UNTOLD: Final[Trait] = (True, 0, None, None, 0.0, ())


class Known(Protocol):
    def of(self, skus: Iterable[str]) -> list[float]: ...


class Moment(NamedTuple):
    """By what the age of products is told."""

    calendar: Calendar
    now_ms: int
    half_life_ms: float


def window_of(best: Sequence[Fused], told: Mapping[int, Traits], wanted: int, popular: Known, moment: Moment) -> Window:
    """In the order given. `told`: by partition; `wanted`: how many values the query names. Of what no shard tells
    anything only its relevance counts."""
    traits: dict[str, Trait] = {}
    for partition, one in told.items():
        traits.update(zip(one.skus, _rows(partition, one, moment), strict=True))
    skus = [one.sku for one in best]
    rows = [traits.get(sku, UNTOLD) for sku in skus]
    in_stock, passed, stated, currencies, newnesses, categories = zip(*rows, strict=True) if rows else [()] * 6
    currency = main_currency(currencies)
    prices = [price if of == currency else None for price, of in zip(stated, currencies, strict=True)]
    middle = median([price for price in prices if price] or [0.0])
    popularity = popular.of(skus)
    return Window(
        skus,
        [one.relevance for one in best],
        in_stock,
        [each / wanted for each in passed] if wanted else [0.0] * len(skus),
        [share if sku in traits else 0.0 for sku, share in zip(skus, popularity, strict=True)],
        newnesses,
        [price_distance(price, middle) for price in prices],
        categories,
        [price_band(price) for price in prices],
    )


def _rows(partition: int, one: Traits, moment: Moment) -> Iterator[Trait]:
    paths = [tuple(path) for path in one.paths]
    categories = [() if at is None else paths[at] for at in one.categories]
    ages = moment.calendar.ages_ms(partition, one.live_since, moment.now_ms)
    newnesses = [newness(age_ms, moment.half_life_ms) for age_ms in ages]
    return zip(one.in_stock, one.wanted, one.prices, one.currencies, newnesses, categories, strict=True)


def main_currency(currencies: Iterable[str | None]) -> str | None:
    """The one that most prices are in, of equal ones the first by name: prices in others are not compared."""
    counted = Counter(currency for currency in currencies if currency)
    return min(counted, key=lambda code: (-counted[code], code), default=None)


def price_distance(price: float | None, middle: float) -> float:
    """0..1: how far from the middle, on a logarithmic scale; 0 without a price."""
    if price is None or price <= 0 or middle <= 0:
        return 0.0
    return min(1.0, abs(log10(price / middle)) / FAR)
