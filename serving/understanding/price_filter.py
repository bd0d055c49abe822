"""Prices that a query names, as a filter beside those that the request asks for."""

from collections.abc import Callable, Iterable
from typing import Final

from schemas.filters import NO_FILTERS, Filters
from serving.understanding.prices import Price

_FREE: Final = 0.0


def price_filter(prices: Iterable[Price], currencies: frozenset[str]) -> Filters:
    """What all of them leave; nothing is filtered where they contradict each other, or where the catalogue
    (`currencies`, none when not known) has no prices in the currency named."""
    low: float | None = None
    high: float | None = None
    code: str | None = None
    for price in prices:
        if not comparable(price, currencies):
            continue
        low = price.low if low is None else max(low, price.low or _FREE)
        high = price.high if high is None else min(high, high if price.high is None else price.high)
        code = code or _code(price, currencies)
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return NO_FILTERS
    return Filters(price_min=low, price_max=high, currency=code)


def comparable(price: Price, currencies: frozenset[str]) -> bool:
    return not price.codes or not currencies or bool(currencies.intersection(price.codes))


def _code(price: Price, currencies: frozenset[str]) -> str | None:
    """The currency to filter by: needed only where the catalogue has several."""
    meant = currencies.intersection(price.codes)
    return next(iter(meant)) if len(meant) == 1 and len(currencies) > 1 else None


def narrowed(asked: Filters, price: Filters) -> Filters:
    """Both; what the request asks for alone where nothing could pass both."""
    if price.empty:
        return asked
    low = _tighter(asked.price_min, price.price_min, max)
    high = _tighter(asked.price_max, price.price_max, min)
    if low is not None and high is not None and low > high:
        return asked
    currency = asked.currency or price.currency
    return asked.model_copy(update={"price_min": low, "price_max": high, "currency": currency})


def _tighter(one: float | None, other: float | None, choose: Callable[[list[float]], float]) -> float | None:
    given = [number for number in (one, other) if number is not None]
    return choose(given) if given else None


def price_words(price: Price, currencies: frozenset[str]) -> str:
    if not comparable(price, currencies):
        return f"no filter: the catalogue has no prices in {' or '.join(price.codes)}"
    low = "" if price.low is None else f"at least {price.low:g}"
    high = "" if price.high is None else f"at most {price.high:g}"
    return "price " + ", ".join(end for end in (low, high) if end)
