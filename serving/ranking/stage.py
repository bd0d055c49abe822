"""The last stage of a search: candidates with features go in, an order comes out. Learned rankers fit in here."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Features(NamedTuple):
    """What one hit is ranked by; `schemas.ranking.RankedHit` says what each means."""

    relevance: float
    in_stock: bool = True
    named: float = 0.0
    popularity: float = 0.0
    newness: float = 0.0
    price: float = 0.0


class Candidate(NamedTuple):
    """A hit that may be shown, with all that its place may follow from."""

    sku: str
    features: Features
    score: float
    """What it is ranked by so far; at first its relevance."""
    category: tuple[str, ...] = ()
    """Path from the root; (): none."""
    band: int | None = None
    """Which prices it is alike to; None: no price."""


class Stage(Protocol):
    """Puts candidates in order.

    Pure and total: it takes a list that is in order, best first, and returns each of its candidates once, perhaps with
    another score. No clock, no random number, no look-up: all that counts is in the candidates, so that a replay of
    what was logged gives the same order.
    """

    def order(self, candidates: Sequence[Candidate]) -> list[Candidate]: ...
