"""What a query wishes beyond its meaning, how well a product fits it, and how that moves its score."""

from collections.abc import Iterable
from itertools import accumulate
from typing import Annotated, Final

from pydantic import Field

from schemas.strict import Strict

WISHES_WINDOW: Final = 200
"""So many of the best candidates of each partition are looked at, whatever the page: paging stays consistent."""
UNWANTED_MAX: Final = 5
"""Phrases of one query."""
SIZES_MAX: Final = 5
PHRASE_CHARS_MAX: Final = 100
SPELLINGS_MAX: Final = 24
TURNING_MAX: Final = 50
"""Words that turn what they stand beside into its opposite."""

Phrase = Annotated[str, Field(min_length=1, max_length=PHRASE_CHARS_MAX)]


class Spelling(Strict):
    """One way to write a size: numbers with one unit, as ["30", "40"] and ["cm"]."""

    numbers: Annotated[list[Phrase], Field(min_length=1, max_length=3)]
    units: Annotated[list[Phrase], Field(max_length=32)]
    """What the unit is called; empty: numbers alone ("5x7")."""
    loose: bool = False
    """Whether decimals may follow: 15 inch are 15.6 inch too."""


class Size(Strict):
    """A size that is asked for, in all the ways that it may be written."""

    text: Phrase
    """As it stands in the query."""
    spellings: Annotated[list[Spelling], Field(min_length=1, max_length=SPELLINGS_MAX)]


class Wishes(Strict):
    """What is wished: any of it moves a product's score, none of it hides a product."""

    unwanted: list[Phrase] = Field(default_factory=list, max_length=UNWANTED_MAX)
    """What a product is not to have, in lower case."""
    before: list[Phrase] = Field(default_factory=list, max_length=TURNING_MAX)
    """Words that turn what they stand before into its opposite: "no", "without"."""
    after: list[Phrase] = Field(default_factory=list, max_length=TURNING_MAX)
    """The same behind: "free"."""
    sizes: list[Size] = Field(default_factory=list, max_length=SIZES_MAX)

    @property
    def empty(self) -> bool:
        return not (self.unwanted or self.sizes)


NO_WISHES: Final = Wishes()
NO_SCORE: Final = -2.0
"""Below any cosine."""
HAS_FIT: Final = 0.4
"""Of a product whose title, brand, category or attributes have what is not wanted."""
TELLS_FIT: Final = 0.75
"""Of one whose description alone names it: it may be about an accessory, or about another product."""
LACKS_FIT: Final = 1.15
"""Of one that says that it lacks it: "sugar-free", "without fan", `fan: false`."""
SIZE_FIT: Final = 1.15
"""Of one that has the size that was asked for."""


def fitted(value: float, fit: float) -> float:
    """A score moved by how well its product fits: times `fit`, which is greater than 0; 1: as it was."""
    return value * fit if value > 0 else value / fit


def rank_key(sku: str, score: float | None, fit: float | None, wished: bool) -> tuple[bool, float, str]:
    """Best first: by score, moved by how well the product fits; ties by SKU.

    What lies behind the window (`fit` is None though something is wished) never overtakes what lies in it.
    """
    value = NO_SCORE if score is None else score
    return wished and fit is None, -(value if fit is None else fitted(value, fit)), sku


def in_order(candidates: Iterable[tuple[str, float, float | None]], wished: bool) -> list[tuple[str, float]]:
    """Of (SKU, score, fit) each SKU with the value that it is ranked by, best first.

    What lies behind the window has the least value of those in it at most.
    """
    if not wished:  # most queries: the same, with less to do for each of some hundred
        keys = sorted((-(score if fit is None else fitted(score, fit)), sku) for sku, score, fit in candidates)
        return [(sku, -value) for value, sku in keys]
    ranked = sorted(
        (rank_key(sku, score, fit, wished) for sku, score, fit in candidates),
    )
    values = accumulate((-key[1] for key in ranked), min)
    return [(key[2], value) for key, value in zip(ranked, values, strict=True)]
