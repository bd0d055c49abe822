"""The query path on one screen: understand, encode, look up the session, retrieve from all shards, merge, page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.personal import RERANK_WINDOW, blended
from schemas.search import Hit, SearchRequest, ShardAnswer, ShardQuery
from serving.budget import Budget
from serving.query_vectors import QueryVector
from serving.tastes import TIMEOUT_S, Leaning

ENCODE_SHARE = 0.5
"""The encoder and the session may take this share of the time left: what they take is missing for the shards."""


class Encoding(Protocol):
    async def of(self, text: str, timeout_s: float) -> QueryVector: ...


class Personal(Protocol):
    @property
    def on(self) -> bool: ...

    async def of(self, session: str, timeout_s: float) -> Leaning | None: ...


class Retrieval(Protocol):
    @property
    def partitions(self) -> range: ...

    async def search(self, query: ShardQuery, budget: Budget) -> ShardAnswer: ...


@dataclass(frozen=True)
class Found:
    """The page that was asked for, and what it was made from."""

    hits: list[Hit]
    answers: dict[int, ShardAnswer]
    """By partition; a partition that did not answer is missing."""
    vector: QueryVector | None
    leaning: Leaning | None = None
    """None: the same for everyone."""

    @property
    def found(self) -> int:
        return sum(answer.matching for answer in self.answers.values())


async def search(
    request: SearchRequest, encoding: Encoding, tastes: Personal, shards: Retrieval, budget: Budget
) -> Found:
    """Never raises because a stage is down: the budget leaves it out and names it."""
    text = understand(request.text)
    vector, leaning = await _vectors(text, request, encoding, tastes, budget) if text else (None, None)
    queries = (shard_query(request, partition, vector, leaning) for partition in shards.partitions)
    answers = await asyncio.gather(
        *(budget.attempt(f"shard-{query.partition}", shards.search(query, budget), None) for query in queries)
    )
    answered = {partition: answer for partition, answer in zip(shards.partitions, answers, strict=True) if answer}
    ranked = merge(list(answered.values()), vector is not None, leaning.strength if leaning else 0.0)
    start = (request.page - 1) * request.limit
    return Found(ranked[start : start + request.limit], answered, vector, leaning)


async def _vectors(
    text: str, request: SearchRequest, encoding: Encoding, tastes: Personal, budget: Budget
) -> tuple[QueryVector | None, Leaning | None]:
    """Of the query and, side by side, of the session. A session alone ranks nothing."""
    encode = budget.attempt("encode", encoding.of(text, budget.left_s() * ENCODE_SHARE), None, ENCODE_SHARE)
    if not (request.session and request.personalise and tastes.on):
        return await encode, None
    timeout_s = min(TIMEOUT_S, budget.left_s() * ENCODE_SHARE)
    look_up = budget.attempt("session", tastes.of(request.session, timeout_s), None, ENCODE_SHARE)
    vector, leaning = await asyncio.gather(encode, look_up)
    if vector is None or leaning is None:
        return vector, None
    if len(leaning.fp16) != len(vector.fp16):
        budget.skipped.append("session")
        return vector, None
    return vector, leaning


def understand(text: str) -> str:
    """The words as they are embedded: surrounding and repeated white space means nothing."""
    return " ".join(text.split())


def shard_query(
    request: SearchRequest, partition: int, vector: QueryVector | None, leaning: Leaning | None = None
) -> ShardQuery:
    """Each shard must give as many as the page reaches deep: all of them may come from one shard.

    To tell what a session moved, all that it could move is needed.
    """
    deep = request.page * request.limit
    return ShardQuery(
        partition=partition,
        vector=vector.fp16 if vector else None,
        taste=leaning.taste if leaning else None,
        limit=max(deep, RERANK_WINDOW) if leaning and request.explain else deep,
        filters=request.filters,
        budget_ms=1,  # set anew when it is sent
    )


def merge(answers: Sequence[ShardAnswer], by_score: bool, strength: float = 0.0) -> list[Hit]:
    """Best first, ties by SKU; without a query vector the newest content first."""
    hits = [hit for answer in answers for hit in answer.hits]
    if by_score:
        return sorted(hits, key=lambda hit: (-_value(hit, strength), hit.sku))
    return sorted(hits, key=lambda hit: (-hit.content_order.generation, -hit.content_order.offset, hit.sku))


def _value(hit: Hit, strength: float) -> float:
    score = hit.score if hit.score is not None else -2.0
    return blended(score, hit.affinity, strength) if strength else score
