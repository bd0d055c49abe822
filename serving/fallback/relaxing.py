"""Filters that may be left out, one by one: which there are, in which order, and what is left without them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from schemas.filters import NO_FILTERS, Filters

PROBES_MAX: Final = 8
"""Choices of filters that are tried; then all are left out."""
QUERY_PRICE: Final = "understood.price"
ATTRIBUTES: Final = "attributes."
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "price": ("price_min", "price_max", "currency"),
    "brand": ("brand",),
    "in_stock": ("in_stock",),
    "category": ("category",),
}
"""By name the fields that go together, in the order in which they go: what is looked for goes last."""


class Relaxed(NamedTuple):
    """Filters of the request and of the query's words, and what was left out of them."""

    asked: Filters
    price: Filters
    names: tuple[str, ...]


Enough = Callable[[Relaxed], Awaitable[bool]]


def relaxable(asked: Filters, price: Filters) -> list[str]:
    """What `all`, `any` and `not` hold is never left out: what must not be shown is not shown."""
    names = [f"{ATTRIBUTES}{name}" for name in asked.attributes or ()]
    names += [QUERY_PRICE] if not price.empty else []
    return names + [
        name for name, fields in FIELDS.items() if any(getattr(asked, field) is not None for field in fields)
    ]


def relaxed(asked: Filters, price: Filters, names: Sequence[str]) -> Relaxed:
    attributes = {name: one for name, one in (asked.attributes or {}).items() if f"{ATTRIBUTES}{name}" not in names}
    gone = {field: None for name in names for field in FIELDS.get(name, ())}
    left = asked.model_copy(update={**gone, "attributes": attributes or None})
    return Relaxed(left, NO_FILTERS if QUERY_PRICE in names else price, tuple(names))


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
