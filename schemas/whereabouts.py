"""Why a product is, or is not, among the hits: what a shard tells of one product beside a query."""

from typing import Annotated, Literal

from pydantic import Field

from schemas import limits
from schemas.facet_counts import NOTHING_LOOKED_UP, LookedUp
from schemas.filters import Filters
from schemas.hits import ShardState
from schemas.strict import Strict

Live = Literal["shown", "unknown", "deleted", "waiting for its document"]


class WhereQuery(Strict):
    """`POST /where` of a shard process."""

    partition: int
    sku: Annotated[str, Field(max_length=limits.SKU_CHARS_MAX)]
    vector: str | None = None
    """As in a `ShardQuery`."""
    words: LookedUp = NOTHING_LOOKED_UP
    """As the search looked them up: with synonyms, compounds, corrections."""
    filters: Filters = Filters()


class Place(Strict):
    """Where a product stands in one list of its partition."""

    score: float | None
    """Null by words: it holds none of them; by meaning: there is no query vector."""
    rank: int | None
    """From 1; null: behind SEARCH_DEPTH_MAX."""


class WhereAnswer(Strict):
    """What is known of one product."""

    live: Live
    conditions: dict[str, bool] = Field(default_factory=dict)
    """By condition of the filters whether it holds; empty when the product is not shown."""
    meaning: Place | None = None
    """Null: not looked for, or the product is not shown or does not pass."""
    words: Place | None = None
    state: ShardState
