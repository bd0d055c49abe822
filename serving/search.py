"""The query path on one screen: encode what was understood, look up the session, ask all shards, merge, page."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.personal import RERANK_WINDOW
from schemas.read_token import Offsets, ReadToken
from schemas.search import Hit, SearchRequest, ShardAnswer, ShardQuery
from schemas.wishes import rank_key
from serving.budget import Budget
from serving.query_vectors import QueryVector
from serving.read_floor import NO_FLOORS, Floors
from serving.tastes import TIMEOUT_S, Leaning
from serving.understanding.understand import Understood

ENCODE_SHARE = 0.5
"""The encoder and the session may take this share of the time left: what they take is missing for the shards."""
WAIT_SHARE = 0.5
"""A replica that holds what the client has seen is waited for so long, beside the encoder."""


class Encoding(Protocol):
    async def of(self, text: str, timeout_s: float) -> QueryVector: ...


class Personal(Protocol):
    @property
    def on(self) -> bool: ...

    async def of(self, session: str, timeout_s: float) -> Leaning | None: ...


class Retrieval(Protocol):
    @property
    def partitions(self) -> range: ...

    async def search(self, query: ShardQuery, budget: Budget, floor: Offsets | None = None) -> ShardAnswer: ...


class Reading(Protocol):
    async def reach(self, tokens: Sequence[ReadToken], timeout_s: float) -> Floors: ...


@dataclass(frozen=True)
class Found:
    """The page that was asked for, and what it was made from."""

    hits: list[Hit]
    understood: Understood
    answers: dict[int, ShardAnswer]
    """By partition; a partition that did not answer is missing."""
    vector: QueryVector | None
    leaning: Leaning | None = None
    """None: the same for everyone."""

    @property
    def found(self) -> int:
        return sum(answer.matching for answer in self.answers.values())


async def search(
    request: SearchRequest,
    understood: Understood,
    tokens: Sequence[ReadToken],
    encoding: Encoding,
    tastes: Personal,
    reading: Reading,
    shards: Retrieval,
    budget: Budget,
) -> Found:
    """Never raises because a stage is down: the budget leaves it out and names it."""
    (vector, leaning), floors = await asyncio.gather(
        _vectors(understood.meaning, request, encoding, tastes, budget), _floors(tokens, reading, budget)
    )
    queries = [shard_query(request, understood, partition, vector, leaning) for partition in shards.partitions]
    asked = (shards.search(query, budget, floors.offsets.get(query.partition)) for query in queries)
    answers = await asyncio.gather(
        *(budget.attempt(f"shard-{query.partition}", ask, None) for query, ask in zip(queries, asked, strict=True))
    )
    answered = {partition: answer for partition, answer in zip(shards.partitions, answers, strict=True) if answer}
    budget.skipped += [f"at_least-{partition}" for partition in too_old(answered, floors)]
    strength, wished = leaning.strength if leaning else 0.0, not understood.wishes.empty
    ranked = merge(list(answered.values()), vector is not None, strength, wished)
    start = (request.page - 1) * request.limit
    return Found(ranked[start : start + request.limit], understood, answered, vector, leaning)


async def _vectors(
    text: str, request: SearchRequest, encoding: Encoding, tastes: Personal, budget: Budget
) -> tuple[QueryVector | None, Leaning | None]:
    """Of the query and, side by side, of the session. A session alone ranks nothing."""
    if not text:
        return None, None
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


async def _floors(tokens: Sequence[ReadToken], reading: Reading, budget: Budget) -> Floors:
    if not tokens:
        return NO_FLOORS
    every = Floors({}, sorted({token.partition for token in tokens}))
    reach = reading.reach(tokens, budget.left_s() * WAIT_SHARE)
    return await budget.attempt("at_least", reach, every)


def too_old(answers: Mapping[int, ShardAnswer], floors: Floors) -> list[int]:
    """Partitions whose answer may lack what the client asked to see: not reached in time, or answered by a replica that
    is not there yet because the others failed."""
    behind = {
        partition
        for partition, floor in floors.offsets.items()
        if partition in answers and not floor.within(answers[partition].state.offsets)
    }
    return sorted(behind | {partition for partition in floors.late if partition in answers})


def shard_query(
    request: SearchRequest,
    understood: Understood,
    partition: int,
    vector: QueryVector | None,
    leaning: Leaning | None = None,
) -> ShardQuery:
    """Each shard must give as many as the page reaches deep: all of them may come from one shard.

    To tell what a session moved, all that it could move is needed.
    """
    deep = request.page * request.limit
    wishes = None if vector is None or understood.wishes.empty else understood.wishes
    if request.explain:
        deep = max(deep, RERANK_WINDOW if leaning else 0)
    return ShardQuery(
        partition=partition,
        vector=vector.fp16 if vector else None,
        taste=leaning.taste if leaning else None,
        wishes=wishes,
        limit=deep,
        filters=understood.filters(request.filters),
        budget_ms=1,  # set anew when it is sent
    )


def merge(answers: Sequence[ShardAnswer], by_score: bool, strength: float = 0.0, wished: bool = False) -> list[Hit]:
    """Best first, ties by SKU; without a query vector the newest content first."""
    hits = [hit for answer in answers for hit in answer.hits]
    if by_score:
        return sorted(hits, key=lambda hit: rank_key(hit.sku, hit.score, hit.affinity, hit.fit, strength, wished))
    return sorted(hits, key=lambda hit: (-hit.content_order.generation, -hit.content_order.offset, hit.sku))
