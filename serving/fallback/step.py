"""What every step of the fallback ladder gets and gives: a query that found too little, ways to ask again, the hits."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from schemas.fallback import Fallback
from schemas.filters import Filters
from schemas.read_token import ReadToken
from schemas.search import SearchRequest
from schemas.shard_messages import ShardQuery
from serving.budget import Budget
from serving.lexical import by_words
from serving.search import Found, Retrieval, Stages, answers_of, search
from serving.suggest.suggest import NameShards, suggest_names
from serving.understanding.understand import Understood
from serving.wording import AS_TYPED, Wording

COUNT_SHARE: Final = 0.5
"""Of the time left: to count what would be found must leave time to find it."""


@dataclass(frozen=True)
class Missed:
    """A query that found too little."""

    request: SearchRequest
    understood: Understood
    found: Found
    """What it found."""
    below: int
    """Fewer hits that hold what was asked for are too little."""

    @property
    def by_words(self) -> bool:
        """Whether hits are to hold words: not of a query without any, nor where the shards cannot be asked for them."""
        return asks_for_words(self.request, self.found)


@dataclass(frozen=True)
class Landed:
    """Hits of a step, and what is said of them."""

    found: Found
    said: Fallback


class Shards(Retrieval, NameShards, Protocol):
    """What the shards are asked."""


@dataclass(frozen=True)
class Again:
    """Asks the shards again, in what is left of the request's time."""

    tokens: Sequence[ReadToken]
    stages: Stages
    shards: Shards
    budget: Budget
    wording: Wording = AS_TYPED

    async def search(self, request: SearchRequest, understood: Understood) -> Found:
        return await search(request, understood, self.tokens, self.stages, self.budget, wording=self.wording)

    async def holding(self, text: str, request: SearchRequest, filters: Filters, enough: int) -> int:
        """How many products hold what the text asks for and pass the filters: at most `enough` of each partition."""
        return (await by_words(text, request, filters, self.shards, self.budget, enough, self.wording)).holding

    async def passing(self, filters: Filters) -> int:
        """How many products pass the filters."""
        queries = [
            ShardQuery(partition=partition, limit=1, filters=filters, budget_ms=1)
            for partition in self.shards.partitions
        ]
        answers = await answers_of(queries, self.shards, self.budget, share=COUNT_SHARE)
        return sum(answer.matching for answer in answers.values())

    async def category(self, text: str) -> list[str] | None:
        """The category that the last words of the text name; None: they name none."""
        found = await suggest_names(text, "categories", self.shards, self.budget)
        return found[0].name if found else None


Step = Callable[[Missed, Again], Coroutine[Any, Any, Landed | None]]
"""None: the step does not apply, or finds too little as well."""


def counted(request: SearchRequest, found: Found) -> int:
    """Hits that hold what was asked for, as many as were looked at of each partition, at most; where no words are asked
    for, all."""
    if asks_for_words(request, found):
        return found.candidates.words.holding
    return found.found if any_hits(request, found) else 0


def any_hits(request: SearchRequest, found: Found) -> bool:
    """Whether there are any, whatever the page."""
    words_alone = request.mode == "words" and bool(found.understood.meaning)
    return bool(found.candidates.best) or (found.found > 0 and not words_alone)


def asks_for_words(request: SearchRequest, found: Found) -> bool:
    return request.mode != "vector" and bool(found.candidates.words.rarities)
