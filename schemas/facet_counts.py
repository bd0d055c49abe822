"""What is counted of a facet: by one shard, and over all of them."""

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.facet_ask import FacetAsk
from schemas.strict import Strict
from schemas.ways import OtherWays

FacetValue = str | bool | float | list[str]
"""As a filter takes it: a category is a path."""


Match = Literal["passing", "words", "candidates"]
"""Which products match: all that pass the filters; those that hold all of the words; the best DEPTH of each shard by
words and by meaning (docs/search.md, What matches)."""


class ValueCount(Strict):
    """How many products have a value."""

    value: FacetValue
    """As a filter takes it: a category is a path from the root."""
    count: int


class NumberStats(Strict):
    """What the numbers of the products are like."""

    count: int
    """How many there are: an attribute may have several in one product."""
    min: float
    max: float
    avg: float


class RangeCount(Strict):
    """How many products have a number from `min` to `max`, both included as in a filter; null: open."""

    min: float | None
    max: float | None
    count: int


class FacetCounts(Strict):
    """One facet over the products that match, its own filter left out."""

    values: list[ValueCount] = Field(default_factory=list)
    """Those of most products first, then by name; of numbers as many as `values` asks for."""
    distinct: int = 0
    """How many values there are, of those that were searched for; where `exact` is false at least so many. Of numbers
    only where values are asked for."""
    exact: bool = True
    """False: so many values differ that the shards could not tell of all; some counts may be too low."""
    stats: NumberStats | None = None
    """Of prices and numbers; null where there are none."""
    ranges: list[RangeCount] = Field(default_factory=list)
    """Ascending; of prices without those at both ends that are empty."""
    currency: str | None = None
    """Of the prices that were counted."""


class LookedUp(Strict):
    """A query as it is looked up by words, as in `schemas.shard_messages.WordsQuery`."""

    text: str = ""
    """Empty: it is not looked up."""
    typing: bool = False
    joining: bool = False
    others: list[OtherWays] = Field(default_factory=list)


NOTHING_LOOKED_UP: Final = LookedUp()


class Counting(Strict):
    """What a shard is asked to count besides finding the hits."""

    match: Match
    words: LookedUp = NOTHING_LOOKED_UP
    facets: list[FacetAsk] = Field(default_factory=list)
    sent_max: Annotated[int, Field(ge=1)]
    """Values sent of one facet."""


class ShardValues(Strict):
    """Values of one shard."""

    values: list[FacetValue] = Field(default_factory=list)
    """Those of most products first, then by name; numbers by size."""
    counts: list[int] = Field(default_factory=list)
    distinct: int = 0
    left_out_max: int = 0
    """The most products of a value that is not among `values`; 0: all are."""


class ShardNumbers(Strict):
    """Numbers of one shard."""

    count: int
    min: float
    max: float
    total: float
    ranges: list[int]
    """Products in each range: below the first edge, between each two, above the last; an edge counts on both sides."""
    told: ShardValues = Field(default_factory=ShardValues)
    """The numbers themselves, where they are asked for."""


class ShardFacet(ShardValues):
    """One facet in one shard."""

    numbers: dict[str, ShardNumbers] = Field(default_factory=dict)
    """By currency; of an attribute under the empty text."""


class Counted(Strict):
    """What a shard has counted."""

    matching: int
    """Products that match and pass the filters."""
    facets: dict[str, ShardFacet] = Field(default_factory=dict)
    """By field."""
