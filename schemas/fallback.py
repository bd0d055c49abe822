"""The fallback ladder in requests and answers: what is tried when a query finds too little, and what became of it."""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from schemas.strict import Strict

FallbackStep = Literal["drop", "relax", "meaning", "bestsellers", "newest"]
FALLBACK_STEPS: Final[tuple[FallbackStep, ...]] = get_args(FallbackStep)
"""In the order in which they are tried."""
FALLBACK_BELOW_MAX: Final = 10
"""So many hits are looked at, at most, whether they hold what was asked for: each costs a shard 0.2 ms."""
HOLDS_SHARE: Final = 0.5
"""A hit holds what was asked for when it has so much of the query's words, by their rarity (docs/search.md)."""

FallbackSteps = Annotated[list[FallbackStep], Field(max_length=len(FALLBACK_STEPS))]


class Tried(Strict):
    """A step of the ladder that was tried."""

    step: FallbackStep
    found: bool
    """Whether it gave the hits."""
    took_ms: float


class Fallback(Strict):
    """Where the hits come from, since the query as it stands found too little."""

    step: FallbackStep
    """`drop`: without some of its words; `relax`: without some of the filters; `meaning`: no product holds what was
    asked for, these are the nearest by meaning; `bestsellers`: the most popular of a category; `newest`: the newest."""
    text: str
    """What was looked for; empty: the query was left aside."""
    dropped: list[str] = Field(default_factory=list)
    """Words that were left out of the query, as they stand there."""
    relaxed: list[str] = Field(default_factory=list)
    """Filters that were left out: `price`, `brand`, `in_stock`, `category`, `attributes.NAME`; `understood.price`: the
    price that the query names."""
    category: list[str] | None = None
    """Of `bestsellers`."""
