"""What a search hears from outside: kept while it goes on, so that the served log can tell what it was made from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import Protocol

from schemas.read_token import Offsets, ReadToken
from schemas.shard_messages import HitsAnswer, ShardAnswer, ShardQuery, WordsAnswer, WordsQuery
from schemas.suggest import ShardSuggestions, SuggestQuery
from serving.budget import Budget
from serving.query_vectors import QueryVector
from serving.ranking.popular import PopularNow
from serving.read_floor import Floors
from serving.search import Encoding, Personal, Reading, Retrieval, Stages
from serving.suggest.suggest import NameShards
from serving.tastes import Leaning


class Shards(Retrieval, NameShards, Protocol):
    """What the shards are asked."""


class Hearing:
    """For one request: asks the shards, and keeps references to what they say.

    A question that was not answered in time is kept without an answer: it is not the same as one that was not asked."""

    def __init__(self, stages: Stages, shards: Shards) -> None:
        self._shards, self._stages = shards, stages
        self.searches: dict[int, list[tuple[ShardQuery, ShardAnswer | None]]] = defaultdict(list)
        """By partition, in the order in which they were asked."""
        self.by_words: list[tuple[WordsQuery, WordsAnswer | None]] = []
        self.bodies: list[tuple[int, Sequence[str], HitsAnswer | None]] = []
        self.names: dict[int, list[ShardSuggestions | None]] = defaultdict(list)
        self._encoding = HeardEncoding(stages.encoding)
        self._tastes = HeardTastes(stages.tastes)
        self._reading = HeardReading(stages.reading)
        self.vectors, self.leanings, self.floors = self._encoding.heard, self._tastes.heard, self._reading.heard
        self.ranking = copy(stages.ranking)
        """As it stands when the search begins: its calendar is another one every minute."""
        self.popular = self.ranking.popular = HeardPopular(stages.ranking.popular)

    @property
    def stages(self) -> Stages:
        """What the search is to go through. Not kept: it refers to this, and a circle of all that shards said would be
        left to the garbage collector, which then stops all searches for 10 to 60 ms now and again."""
        return replace(
            self._stages,
            encoding=self._encoding,
            tastes=self._tastes,
            reading=self._reading,
            shards=self,
            ranking=self.ranking,
        )

    @property
    def partitions(self) -> range:
        return self._shards.partitions

    async def words(self, query: WordsQuery, timeout_s: float, floor: Offsets | None = None) -> WordsAnswer:
        at = len(self.by_words)
        self.by_words.append((query, None))
        answer = await self._shards.words(query, timeout_s, floor)
        self.by_words[at] = query, answer
        return answer

    async def search(self, query: ShardQuery, budget: Budget, floor: Offsets | None = None) -> ShardAnswer:
        kept = self.searches[query.partition]
        at = len(kept)
        kept.append((query, None))
        answer = await self._shards.search(query, budget, floor)
        kept[at] = query, answer
        return answer

    async def hits(self, partition: int, skus: Sequence[str], budget: Budget, floor: Offsets) -> HitsAnswer:
        at = len(self.bodies)
        self.bodies.append((partition, skus, None))
        answer = await self._shards.hits(partition, skus, budget, floor)
        self.bodies[at] = partition, skus, answer
        return answer

    async def suggest(self, query: SuggestQuery, budget: Budget) -> ShardSuggestions:
        kept = self.names[query.partition]
        at = len(kept)
        kept.append(None)
        kept[at] = answer = await self._shards.suggest(query, budget)
        return answer


class HeardEncoding:
    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self.heard: list[tuple[str, QueryVector | None]] = []

    async def of(self, text: str, timeout_s: float) -> QueryVector:
        at = len(self.heard)
        self.heard.append((text, None))
        vector = await self._encoding.of(text, timeout_s)
        self.heard[at] = text, vector
        return vector


class HeardTastes:
    def __init__(self, tastes: Personal) -> None:
        self._tastes = tastes
        self.heard: list[tuple[bool, Leaning | None]] = []
        """Whether it was known in time, and what."""

    @property
    def on(self) -> bool:
        return self._tastes.on

    async def of(self, session: str, timeout_s: float) -> Leaning | None:
        at = len(self.heard)
        self.heard.append((False, None))
        leaning = await self._tastes.of(session, timeout_s)
        self.heard[at] = True, leaning
        return leaning


class HeardReading:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.heard: list[Floors | None] = []

    async def reach(self, tokens: Sequence[ReadToken], timeout_s: float) -> Floors:
        at = len(self.heard)
        self.heard.append(None)
        self.heard[at] = floors = await self._reading.reach(tokens, timeout_s)
        return floors


class HeardPopular:
    """See `serving.ranking.popular.PopularNow`."""

    def __init__(self, popular: PopularNow) -> None:
        self._popular = popular
        self.version = popular.version
        self.heard: list[tuple[str, float]] = []
        """What sold best, where a step of the ladder asked."""

    def of(self, skus: Iterable[str]) -> list[float]:
        return self._popular.of(skus)

    def first(self, limit: int) -> Sequence[str]:
        return self._popular.first(limit)

    def best(self, limit: int) -> list[tuple[str, float]]:
        self.heard = self._popular.best(limit)
        return self.heard

    async def refresh(self) -> None:
        await self._popular.refresh()
