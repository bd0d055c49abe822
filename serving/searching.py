"""A search with all that may follow it: the query as it was read, and the ladder where that finds too little.

A replay calls the same functions with what the first answer heard (`replay/answers`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from schemas.fallback import FallbackStep
from schemas.hits import Hit
from schemas.read_token import ReadToken
from schemas.search import SearchRequest
from schemas.ways import OtherWays
from serving.budget import Budget
from serving.fallback.ladder import NOT_CLIMBED, Climbed, climb, too_little
from serving.fallback.step import Again, Missed, Shards
from serving.search import Found, Stages, search
from serving.showing import shown
from serving.understanding.understand import Understood
from serving.wording import Wording


class Searched(NamedTuple):
    """What was found, and how."""

    found: Found
    climbed: Climbed
    first: Found
    """Before the ladder."""
    wording: Wording
    understood: Understood
    """The query as it was read."""

    def others(self) -> list[OtherWays]:
        """What else was looked for instead of words of the query."""
        return self.wording.others(self.first.understood.looked_up)


class Asking(NamedTuple):
    """What is asked, and with what."""

    request: SearchRequest
    understood: Understood
    tokens: Sequence[ReadToken]
    wording: Wording
    below: int
    """Fewer hits that hold what was asked for are too little."""
    steps: Sequence[FallbackStep]
    """Of the ladder, those that may be tried."""
    cut: Sequence[FallbackStep] = ()
    """In a replay: those that were cut off then."""


async def searched(
    asking: Asking, stages: Stages, shards: Shards, budget: Budget, clock: Callable[[], float]
) -> Searched:
    """Never raises because a stage is down: the budget leaves it out and names it."""
    request, understood, below = asking.request, asking.understood, asking.below
    wording = replace(asking.wording, dropping="drop" in asking.steps)
    first = await search(request, understood, asking.tokens, stages, budget, below, wording)
    missed, climbed = Missed(request, first.understood, first, below), NOT_CLIMBED
    if too_little(missed, asking.steps):
        again = Again(asking.tokens, stages, shards, budget, asking.wording.settled())
        climbed = await climb(missed, again, asking.steps, clock, asking.cut)
    found = replace(climbed.landed.found, corrected=first.corrected) if climbed.landed else first
    return Searched(found, climbed, first, asking.wording, understood)


def shown_of(asked: SearchRequest, found: Found) -> list[Hit]:
    """The hits as the answer shows them."""
    return shown(found.hits, asked, found.candidates.words.looked_up.text or found.understood.meaning)


def facets_of(found: Found) -> dict[str, Any]:
    """By field."""
    return {field: counts.model_dump(mode="json") for field, counts in found.matched.facets.items()}
