"""Where it is kept how popular products are: what the session worker writes and the query tier reads."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Tally(NamedTuple):
    """What one partition of `clicks` has given, up to a place in it: a function of the log."""

    log: int
    """Names the log: the offsets of another topic mean nothing here."""
    offset: int
    """The next one to be counted."""
    at_ms: int
    """LogAppendTime of the last click that was counted, ms since 1970."""
    landmark_ms: int
    counts: Mapping[str, float]
    """By SKU the sum of `schemas.popularity.weight`, as of the landmark."""


class PopularityStore(Protocol):
    """Everything in it can be lost: the session worker counts it again from the log. Every call raises Unavailable when
    the store is away."""

    async def put(self, partition: int, tally: Tally) -> None: ...

    async def read(self, partition: int) -> Tally | None:
        """None when nothing is kept, or nothing that can be read."""
        ...
