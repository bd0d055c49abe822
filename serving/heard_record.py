"""What of a search is logged so that it can be made again."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
import xxhash
from pydantic import BaseModel

from schemas.heard import (
    BodiesHeard,
    FloorsHeard,
    Heard,
    LeaningHeard,
    ShardHeard,
    Shown,
    ShownHit,
    UnderstoodHeard,
    VectorHeard,
    WordsHeard,
)
from schemas.hits import Hit
from schemas.search import SearchRequest
from schemas.settings import ServingSettings
from schemas.shard_messages import ShardAnswer, ShardQuery, WordsQuery
from schemas.ways import OtherWays
from serving.hearing import Hearing
from serving.ranking.ranking import Ranked
from serving.searching import Searched, facets_of
from serving.tastes import Leaning
from serving.understanding.understand import Understood

SETTINGS: Final = {
    "facets",
    "fallback_below",
    "generation",
    "mmr_lambda",
    "partitions",
    "personalise_strength",
    "rank_named",
    "rank_new_days",
    "rank_newness",
    "rank_popularity",
    "rank_price",
    "rank_stock",
    "ranker",
}
"""Of the query tier, on which an answer depends beside what is read out of the query."""
NO_SUM: Final = frozenset(("sums",))


def heard(
    asked: SearchRequest,
    made: Searched,
    hearing: Hearing,
    tokens: Sequence[str],
    settings: ServingSettings,
) -> Heard:
    found = made.found
    told = Heard(
        asked=asked,
        settings=settings.model_dump(mode="json", include=SETTINGS),
        understood=_understood(made.understood),
        joining=made.wording.joining,
        doubting=made.wording.doubting,
        others=_others(hearing),
        corrected=made.first.corrected,
        put_right=_understood(made.first.understood) if made.first.corrected else None,
        senses=list(made.first.senses),
        steps=[one.step for one in made.climbed.tried],
        cut=list(made.climbed.late),
        tokens=list(tokens),
        floors=[
            one and FloorsHeard(offsets={str(at): list(offsets) for at, offsets in one.offsets.items()}, late=one.late)
            for one in hearing.floors
        ],
        vectors=[VectorHeard(text=text, fp16=vector.fp16 if vector else None) for text, vector in hearing.vectors],
        sessions=[_leaning(known, leaning) for known, leaning in hearing.leanings],
        words=[WordsHeard(asked=question(query), answer=answer) for query, answer in hearing.by_words],
        shards={str(at): [_searched(*one) for one in asked] for at, asked in hearing.searches.items()},
        bodies=[
            BodiesHeard(partition=partition, skus=list(skus), state=answer.state if answer else None)
            for partition, skus, answer in hearing.bodies
        ],
        names={str(at): list(asked) for at, asked in hearing.names.items()},
        popularity=_popularity(found.ranked) if found.ranked else {},
        popular=_popular(found.popular, found.hits),
        best=dict(hearing.popular.heard),
        calendar={
            str(at): [[offset, written_ms] for offset, written_ms in points]
            for at, points in hearing.ranking.calendar.points.items()
        },
        now_ms=found.ranked.now_ms if found.ranked else 0,
    )
    return told.model_copy(update={"sums": sums(told)})


def shown_record(hits: Sequence[Hit], made: Searched) -> Shown:
    return Shown(hits=[shown_hit(hit) for hit in hits], facets=facets_of(made.found))


def shown_hit(hit: Hit) -> ShownHit:
    return ShownHit(sku=hit.sku, relevance=hit.relevance, score=hit.score, body=_digest(hit))


def sums(told: Heard) -> dict[str, str]:
    """16 hex digits over each field."""
    fields = told.model_dump_json(exclude=set(NO_SUM))
    return {name: xxhash.xxh3_64_hexdigest(_canonical(value)) for name, value in _loads(fields).items()}


def question(query: WordsQuery) -> str:
    """16 hex digits over what was asked, however much time there was, and what for."""
    return _digest(query.model_copy(update={"budget_ms": 1}), without={"dropping"})


def _digest(model: BaseModel, without: set[str] | None = None) -> str:
    return xxhash.xxh3_64_hexdigest(model.model_dump_json(exclude=without).encode())


def _canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _loads(text: str) -> Mapping[str, Any]:
    fields: dict[str, Any] = orjson.loads(text)
    return fields


def _understood(one: Understood) -> UnderstoodHeard:
    return UnderstoodHeard(
        asked=one.asked,
        meaning=one.meaning,
        price=one.price,
        wishes=one.wishes,
        wanted=list(one.wanted),
        notes=list(one.notes),
        words=one.words,
        language=one.language,
    )


def _others(hearing: Hearing) -> dict[str, list[OtherWays]]:
    return {query.text: query.others for query, _ in hearing.by_words if query.others}


def _leaning(known: bool, leaning: Leaning | None) -> LeaningHeard:
    if leaning is None:
        return LeaningHeard(away=not known)
    return LeaningHeard(fp16=leaning.fp16, strength=leaning.strength)


def _searched(query: ShardQuery, answer: ShardAnswer | None) -> ShardHeard | None:
    if answer is None:
        return None
    by_words = query.counting is not None and query.counting.match != "passing"
    words_at = answer.words_at if by_words else None
    return ShardHeard(state=answer.state, depth=query.depth, words_at=words_at, digests=answer.digests)


def _popularity(ranked: Ranked) -> dict[str, float]:
    window = ranked.window
    return {sku: share for sku, share in zip(window.skus, window.popularity, strict=True) if share}


def _popular(popular: Sequence[str], hits: Sequence[Hit]) -> list[str]:
    shown = {hit.sku for hit in hits}
    return [sku for sku in popular if sku in shown]
