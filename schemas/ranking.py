"""What hits are ranked by beside the query: traits that shards tell of products, and features that follow from them."""

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.records import Record

RankerName = Literal["formula", "none"]
RANK_WINDOW: Final = 100
"""So many of the best hits are ranked, whatever the page: paging stays consistent. What lies behind stays there."""


class Traits(Record):
    """What a shard tells of the best candidates of a search; lists of equal length, in no order."""

    skus: list[str] = Field(default_factory=list)
    in_stock: list[bool] = Field(default_factory=list)
    prices: list[float | None] = Field(default_factory=list)
    currencies: list[str | None] = Field(default_factory=list)
    live_since: list[tuple[int, int] | None] = Field(default_factory=list)
    """Order (generation, offset) of the event that created the product, or created it again; null: no offer yet."""
    wanted: list[int] = Field(default_factory=list)
    """How many of the question's `wanted` filters each would pass."""
    categories: list[int | None] = Field(default_factory=list)
    """Places in `paths`."""
    paths: list[list[str]] = Field(default_factory=list)
    """Category paths from the root, each once."""


class RankWeights(Record):
    """What each feature counts: see docs/search.md."""

    stock: Annotated[float, Field(ge=0, le=1)]
    named: Annotated[float, Field(ge=0, le=1)]
    popularity: Annotated[float, Field(ge=0, le=1)]
    newness: Annotated[float, Field(ge=0, le=1)]
    price: Annotated[float, Field(ge=0, le=1)]


class RankedHit(Record):
    """One candidate and the features that it was ranked by."""

    sku: str
    relevance: float
    """From words and meaning, 0..1 (`schemas.fusion`)."""
    in_stock: bool
    """Whether it can be bought now."""
    named: float = 0.0
    """Which share it has of the brands, categories and attribute values that the query names, 0..1."""
    popularity: float
    """From clicks and purchases, 0..1 (`schemas.popularity`)."""
    newness: float
    """1: created just now; halved in each FRESHET_RANK_NEW_DAYS."""
    price: float
    """0: what half of the hits cost less than; 1: a tenth or ten times of that, or further away."""
    category: list[str] = Field(default_factory=list)
    band: int | None = None
    """Its price band; null: no price that can be compared."""


class RankInputs(Record):
    """All that is needed to put the candidates of an answer in the same order again; its clock stands still."""

    ranker: RankerName
    weights: RankWeights
    exact: bool = False
    """Whether the query names a product's code: then relevance alone counts."""
    mmr_lambda: float = 1.0
    candidates: list[RankedHit] = Field(default_factory=list)
    """The first RANK_WINDOW, by relevance."""
