"""The last stage of a search: candidates with features go in, an order comes out. Learned rankers fit in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from schemas.ranking import RankedHit


@dataclass(frozen=True)
class Window:
    """The hits that are ranked, by relevance, with all that their places may follow from.

    Columns of equal length: an object for each hit took a sixth of the tier's time. `schemas.ranking.RankedHit` says
    what each feature means.
    """

    skus: Sequence[str]
    relevance: Sequence[float]
    in_stock: Sequence[bool]
    named: Sequence[float]
    popularity: Sequence[float]
    newness: Sequence[float]
    price: Sequence[float]
    categories: Sequence[Sequence[str]]
    """Paths from the root; empty: none."""
    bands: Sequence[int | None]
    """Which prices each is alike to; None: no price."""

    @cached_property
    def place(self) -> dict[str, int]:
        """By SKU."""
        return {sku: at for at, sku in enumerate(self.skus)}

    def features(self, at: int) -> dict[str, Any]:
        """Of the hit at a place."""
        return {name: getattr(self, name)[at] for name in FEATURES}

    def told(self) -> list[RankedHit]:
        """As it is logged."""
        return [
            RankedHit(sku=sku, category=list(self.categories[at]), band=self.bands[at], **self.features(at))
            for at, sku in enumerate(self.skus)
        ]


FEATURES: Final = ("relevance", "in_stock", "named", "popularity", "newness", "price")
"""What a hit is ranked by."""


def window_from(hits: Sequence[RankedHit]) -> Window:
    """Of what was logged."""
    return Window(
        skus=[one.sku for one in hits],
        categories=[one.category for one in hits],
        bands=[one.band for one in hits],
        **{name: [getattr(one, name) for one in hits] for name in FEATURES},
    )


class Order(NamedTuple):
    """Candidates in order."""

    places: Sequence[int]
    """In the window, best first."""
    scores: Sequence[float]
    """What each is ranked by so far, by its place in the window; at first its relevance."""


class Stage(Protocol):
    """Puts candidates in order.

    Pure and total: it takes an order, best first, and returns each of its places once, perhaps with other scores. No
    clock, no random number, no look-up: all that counts is in the window, so that a replay of what was logged gives the
    same order.
    """

    def order(self, window: Window, so_far: Order) -> Order: ...
