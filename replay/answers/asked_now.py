"""A question of today put to a shard as it was: by words and meaning, by the query tier's own search."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import orjson

from agents.asked import Pinned
from agents.shard_question import question_of
from agents.shard_search import Question, answer
from index_snapshots.protocol import Offsets as Position
from replay.answers.made_again import BUDGET_S, no_log, stopped
from replay.answers.recalled import FOREVER_S
from schemas.errors import Unavailable
from schemas.hits import Hit, ShardState
from schemas.read_token import Offsets, ReadToken
from schemas.search import SearchRequest
from schemas.settings import ServingSettings
from schemas.shard_messages import HitsAnswer, ShardAnswer, ShardQuery, WordsAnswer, WordsQuery
from serving.budget import Budget
from serving.history import History
from serving.query_vectors import QueryVector
from serving.ranking.ranking import Ranking
from serving.read_floor import NO_FLOORS, Floors
from serving.search import Found, Stages, search
from serving.tastes import Leaning
from serving.understanding.understand import Understood

Encode = Callable[[str], str]
"""A text's vector: base64 of little-endian fp16, shape (dim,). Raises Unavailable."""
REPLICA: Final = 0


def asked_now(pinned: Pinned, request: SearchRequest, settings: ServingSettings, encode: Encode) -> Found:
    """Nothing is known of sessions, nor of what is popular. Blocking."""
    ranking = Ranking(settings, NothingPopular(), History(no_log), lambda: 0, "")
    stages = Stages(_Encoding(encode), _Nobody(), _Nothing(), PinnedShards(pinned), ranking)
    understood = Understood(request.text, request.text)
    return asyncio.run(search(request, understood, [], stages, Budget(BUDGET_S, stopped)))


class PinnedShards:
    """See `serving.search.Retrieval`: one partition, one state."""

    def __init__(self, pinned: Pinned) -> None:
        self._pinned = pinned
        partition = pinned.view.identity.partition
        self.partitions = range(partition, partition + 1)

    async def words(self, query: WordsQuery, timeout_s: float, floor: Offsets | None = None) -> WordsAnswer:
        told = WordsAnswer.model_validate_json(self._answer(Question(self._pinned, query, None, None, FOREVER_S)))
        if told.missing:
            raise Unavailable(told.missing)
        return told

    async def search(self, query: ShardQuery, budget: Budget, floor: Offsets | None = None) -> ShardAnswer:
        return ShardAnswer.model_validate_json(self._answer(question_of(self._pinned, query, FOREVER_S)))

    async def hits(self, partition: int, skus: Sequence[str], budget: Budget, floor: Offsets) -> HitsAnswer:
        view = self._pinned.view
        parts = view.hit_parts([one for one in map(view.found, skus) if one is not None])
        hits = [Hit.model_validate_json(orjson.dumps(part)) for part in parts]
        return HitsAnswer(hits=hits, state=self._state(partition, view.offsets))

    def _answer(self, question: Question) -> bytes:
        return answer(question, self._state, 0.0)

    def _state(self, partition: int, offsets: Position) -> ShardState:
        return ShardState(
            partition=partition,
            replica=REPLICA,
            lineage=self._pinned.view.identity.lineage,
            documents_offset=offsets.documents,
            offers_offset=offsets.offers,
        )


class NothingPopular:
    """See `serving.ranking.popular.PopularNow`."""

    version = 0

    def of(self, skus: Iterable[str]) -> list[float]:
        return [0.0 for _ in skus]

    def first(self, limit: int) -> Sequence[str]:
        return []

    def best(self, limit: int) -> list[tuple[str, float]]:
        return []

    async def refresh(self) -> None:
        """Nothing comes."""


class _Encoding:
    def __init__(self, encode: Encode) -> None:
        self._encode = encode

    async def of(self, text: str, timeout_s: float) -> QueryVector:
        return QueryVector(self._encode(text), "encoder")


class _Nobody:
    on = False

    async def of(self, session: str, timeout_s: float) -> Leaning | None:
        return None


class _Nothing:
    async def reach(self, tokens: Sequence[ReadToken], timeout_s: float) -> Floors:
        return NO_FLOORS
