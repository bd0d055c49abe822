"""Suggestions from all shards and from what others searched for, as one answer; what is late or away is left out."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, Literal, NamedTuple, Protocol

from schemas.filters import NO_FILTERS, Filters
from schemas.suggest import (
    SUGGEST_CHARS_MAX,
    SUGGESTIONS_MAX,
    FoundName,
    FoundProduct,
    ShardSuggestions,
    SuggestedCategory,
    SuggestedName,
    SuggestedProduct,
    SuggestedQuery,
    SuggestKind,
    SuggestQuery,
    SuggestRequest,
)
from serving.budget import Budget
from serving.suggest.popular import Popular

SPARE: Final = 2
"""Each shard sends so many times what is wanted: a name that is third in each of them may be the first of all."""


class NameShards(Protocol):
    @property
    def partitions(self) -> range: ...

    async def suggest(self, query: SuggestQuery, budget: Budget) -> ShardSuggestions: ...


class Queries(Protocol):
    def suggested(self, typed: str, limit: int) -> list[Popular]: ...


class Suggestions(NamedTuple):
    queries: list[SuggestedQuery]
    products: list[SuggestedProduct]
    brands: list[SuggestedName]
    categories: list[SuggestedCategory]


async def suggest(
    request: SuggestRequest, shards: NameShards, popular: Queries, budget: Budget, filters: Filters = NO_FILTERS
) -> Suggestions:
    """Never raises because a shard is away: the budget leaves it out and names it. With filters nothing is told of what
    does not pass them, nor what others searched for."""
    text, limit, kinds = request.text, request.limit, request.kinds
    queries = popular.suggested(text, limit) if "queries" in kinds and text.strip() and filters.empty else []
    answers = await _asked(request, shards, budget, filters) if text.strip() and set(kinds) - {"queries"} else []
    return Suggestions(
        [SuggestedQuery(text=one.text) for one in queries],
        best_products((product for answer in answers for product in answer.products), limit),
        [
            SuggestedName(name=one.name[0], products=one.products)
            for one in best_names((name for answer in answers for name in answer.brands), limit)
        ],
        [
            SuggestedCategory(path=one.name, products=one.products)
            for one in best_names((name for answer in answers for name in answer.categories), limit)
        ],
    )


async def suggest_names(
    text: str, kind: Literal["brands", "categories"], shards: NameShards, budget: Budget
) -> list[FoundName]:
    """Brands or categories of all shards that the last words of a text name, best first."""
    request = SuggestRequest(text=text[-SUGGEST_CHARS_MAX:], kinds=[kind])
    answers = await _asked(request, shards, budget)
    named = (answer.brands if kind == "brands" else answer.categories for answer in answers)
    return best_names((one for names in named for one in names), request.limit)


async def _asked(
    request: SuggestRequest, shards: NameShards, budget: Budget, filters: Filters = NO_FILTERS
) -> Sequence[ShardSuggestions]:
    kinds: list[SuggestKind] = [kind for kind in request.kinds if kind != "queries"]
    deep = min(SUGGESTIONS_MAX, request.limit * SPARE)
    queries = [
        SuggestQuery(partition=partition, text=request.text, limit=deep, kinds=kinds, filters=filters, budget_ms=1)
        for partition in shards.partitions
    ]
    asked = (
        budget.attempt(f"shard-{query.partition}", partial(shards.suggest, query, budget), None) for query in queries
    )
    answers = [answer for answer in await asyncio.gather(*asked) if answer]
    wordless = [answer.state.partition for answer in answers if answer.missing and "products" in kinds]
    budget.skipped += [f"words-{partition}" for partition in wordless]
    return answers


def best_products(found: Iterable[FoundProduct], limit: int) -> list[SuggestedProduct]:
    """Each title once."""
    ranked = sorted(found, key=lambda one: (-one.score, one.sku))
    by_title: dict[str, SuggestedProduct] = {}
    for one in ranked:
        by_title.setdefault(one.title, SuggestedProduct(sku=one.sku, title=one.title))
    return list(by_title.values())[:limit]


def best_names(found: Iterable[FoundName], limit: int) -> list[FoundName]:
    """Those of several shards are one; what fits best comes first, then what has the most products. Of a name that is
    not among the best of a shard its products are not counted."""
    by_name: dict[tuple[str, ...], FoundName] = {}
    for one in found:
        known = by_name.get(tuple(one.name))
        if known is not None:
            one = FoundName(name=one.name, products=known.products + one.products, rank=min(known.rank, one.rank))
        by_name[tuple(one.name)] = one
    return sorted(by_name.values(), key=lambda one: (one.rank, -one.products, one.name))[:limit]
