"""Suggestions while one types: what is asked, of the tier and of a shard, and what comes back."""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from schemas.filters import NO_FILTERS, Filters
from schemas.hits import ShardState
from schemas.strict import Strict

SUGGEST_CHARS_MAX: Final = 200
"""Of the text; nobody types on to find a suggestion."""
SUGGESTIONS_MAX: Final = 20
"""Of each kind."""
SUGGESTIONS: Final = 5
"""Of each kind, when nothing is said."""

SuggestKind = Literal["queries", "products", "brands", "categories"]
SUGGEST_KINDS: Final[tuple[SuggestKind, ...]] = get_args(SuggestKind)
Text = Annotated[str, Field(max_length=SUGGEST_CHARS_MAX)]
Limit = Annotated[int, Field(ge=1, le=SUGGESTIONS_MAX)]
Kinds = Annotated[list[SuggestKind], Field(min_length=1, max_length=len(SUGGEST_KINDS))]


class SuggestRequest(Strict):
    """What was typed so far."""

    text: Text
    """As it stands in the field; the last word may be unfinished."""
    limit: Limit = SUGGESTIONS
    """Of each kind."""
    kinds: Kinds = Field(default_factory=lambda: list(SUGGEST_KINDS))
    """Which of them."""


class SuggestedQuery(Strict):
    text: str


class SuggestedProduct(Strict):
    sku: str
    title: str


class SuggestedName(Strict):
    """A brand."""

    name: str
    products: int
    """How many are shown, over the shards that answered."""


class SuggestedCategory(Strict):
    path: list[str]
    """From the root."""
    products: int
    """In it and below it, over the shards that answered."""


class SuggestResponse(Strict):
    """Suggestions by kind, best first."""

    request_id: str
    queries: list[SuggestedQuery] = Field(default_factory=list)
    """What others searched for and found."""
    products: list[SuggestedProduct] = Field(default_factory=list)
    brands: list[SuggestedName] = Field(default_factory=list)
    categories: list[SuggestedCategory] = Field(default_factory=list)
    took_ms: float
    degraded: list[str]
    """What is missing: `shard-0`: the products, brands and categories of this partition; `words-0`: its products."""


class SuggestQuery(Strict):
    """`POST /suggest` of a shard process: what of one partition begins like a text."""

    partition: int
    text: Text
    limit: Limit
    kinds: Kinds
    filters: Filters = NO_FILTERS
    """Only of products that pass."""
    budget_ms: Annotated[int, Field(ge=1)]


class FoundProduct(Strict):
    sku: str
    title: str
    score: float
    """Comparable within one answer."""


class FoundName(Strict):
    name: list[str]
    """A brand, or the path of a category."""
    products: int
    rank: list[int]
    """How well it fits what was typed; less is better (`index_snapshots.names.Fit`)."""


class ShardSuggestions(Strict):
    """What one partition suggests."""

    products: list[FoundProduct] = Field(default_factory=list)
    brands: list[FoundName] = Field(default_factory=list)
    categories: list[FoundName] = Field(default_factory=list)
    missing: str = ""
    """Why there are no products; empty: they were looked for."""
    state: ShardState
