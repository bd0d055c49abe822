"""The query path on one screen: understand, encode, retrieve from all shards, merge, page."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.search import Hit, SearchRequest, ShardAnswer, ShardQuery
from serving.budget import Budget
from serving.query_vectors import QueryVector

ENCODE_SHARE = 0.5
"""The encoder may take this share of the time left: what it takes is missing for the shards."""


class Encoding(Protocol):
    async def of(self, text: str, timeout_s: float) -> QueryVector: ...


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

    @property
    def found(self) -> int:
        return sum(answer.matching for answer in self.answers.values())


async def search(request: SearchRequest, encoding: Encoding, shards: Retrieval, budget: Budget) -> Found:
    """Never raises because a stage is down: the budget leaves it out and names it."""
    text = understand(request.text)
    vector = None
    if text:
        encode = encoding.of(text, budget.left_s() * ENCODE_SHARE)
        vector = await budget.attempt("encode", encode, None, ENCODE_SHARE)
    answers = await asyncio.gather(
        *(
            budget.attempt(f"shard-{partition}", shards.search(shard_query(request, partition, vector), budget), None)
            for partition in shards.partitions
        )
    )
    answered = {partition: answer for partition, answer in zip(shards.partitions, answers, strict=True) if answer}
    ranked = merge(list(answered.values()), by_score=vector is not None)
    start = (request.page - 1) * request.limit
    return Found(ranked[start : start + request.limit], answered, vector)


def understand(text: str) -> str:
    """The words as they are embedded: surrounding and repeated white space means nothing."""
    return " ".join(text.split())


def shard_query(request: SearchRequest, partition: int, vector: QueryVector | None) -> ShardQuery:
    """Each shard must give as many as the page reaches deep: all of them may come from one shard."""
    return ShardQuery(
        partition=partition,
        vector=vector.fp16 if vector else None,
        limit=request.page * request.limit,
        filters=request.filters,
        budget_ms=1,  # set anew when it is sent
    )


def merge(answers: Sequence[ShardAnswer], by_score: bool) -> list[Hit]:
    """Best first, ties by SKU; without a query vector the newest content first."""
    hits = [hit for answer in answers for hit in answer.hits]
    if by_score:
        return sorted(hits, key=lambda hit: (-(hit.score if hit.score is not None else -2.0), hit.sku))
    return sorted(hits, key=lambda hit: (-hit.content_order.generation, -hit.content_order.offset, hit.sku))
