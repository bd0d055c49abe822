"""Filters that may be left out, one by one: which there are, in which order, and what is left without them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from schemas.filter_groups import ATTRIBUTES, named, without
from schemas.filters import NO_FILTERS, Filters

PROBES_MAX: Final = 8
"""Choices of filters that are tried; then all are left out."""
QUERY_PRICE: Final = "understood.price"


class Relaxed(NamedTuple):
    """Filters of the request and of the query's words, and what was left out of them."""

    asked: Filters
    price: Filters
    names: tuple[str, ...]


Enough = Callable[[Relaxed], Awaitable[bool]]


def relaxable(asked: Filters, price: Filters) -> list[str]:
    """What `all`, `any` and `not` hold is never left out: what must not be shown is not shown."""
    names = named(asked)
    attributes = sum(name.startswith(ATTRIBUTES) for name in names)
    return [*names[:attributes], *([] if price.empty else [QUERY_PRICE]), *names[attributes:]]


def relaxed(asked: Filters, price: Filters, names: Sequence[str]) -> Relaxed:
    return Relaxed(without(asked, names), NO_FILTERS if QUERY_PRICE in names else price, tuple(names))


async def least(asked: Filters, price: Filters, enough: Enough) -> Relaxed | None:
    """The fewest filters left out with which there is enough: each alone, then the first two, three ...; None: not even
    without all of them."""
    names = relaxable(asked, price)
    without_all = relaxed(asked, price, names)
    if not names or not await enough(without_all):
        return None
    ways = [[name] for name in names] + [names[:count] for count in range(2, len(names))]
    for way in ways[:PROBES_MAX] if len(names) > 1 else ():
        found = relaxed(asked, price, way)
        if await enough(found):
            return found
    return without_all
