"""Products like one product: those whose vectors are nearest to its own."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from schemas.filters import Filters
from schemas.fusion import Fused
from schemas.grouping import GROUP_DEEPER, Group, first_of_each
from schemas.hits import Hit
from schemas.shard_messages import ShardQuery
from serving.budget import Budget
from serving.grouping import group_of, groups_of
from serving.lexical import ByWords
from serving.merging import Candidates, whole
from serving.parts import Wiring
from serving.search import answers_of
from streams.partitioner import partition_of

VECTOR_SHARE: Final = 0.5
"""Of the time, for the product's own vector."""


async def similar(
    sku: str, limit: int, filters: Filters, wiring: Wiring, budget: Budget, apart_by: str | None = None
) -> list[Hit]:
    """The nearest first, without itself; nothing for a product that is not shown. `apart_by`: a field as `group_by` of
    a search has it; then there is one product of each group, and none of its own: no variants."""
    home = partition_of(sku.encode(), len(wiring.shards.partitions))
    of_it = partial(wiring.shards.vectors, home, [sku], budget.left_s() * VECTOR_SHARE)
    found, own = await asyncio.gather(
        budget.attempt(f"shard-{home}", of_it, None, VECTOR_SHARE), _own_group(sku, home, wiring, budget, apart_by)
    )
    vector = found.vectors.get(sku) if found else None
    if vector is None:
        return []
    query = ShardQuery(
        partition=home,
        vector=vector,
        limit=limit + 1,
        depth=(limit + 1) * (GROUP_DEEPER if apart_by else 1),
        filters=filters,
        group_by=apart_by,
        budget_ms=1,
    )
    queries = [query.model_copy(update={"partition": at}) for at in wiring.shards.partitions]
    candidates = Candidates(await answers_of(queries, wiring.shards, budget), ByWords())
    best = [one for one in candidates.best if one.sku != sku]
    best = _apart(best, candidates, own) if apart_by else best
    return await whole(best[:limit], candidates, wiring.shards, budget)


async def _own_group(sku: str, home: int, wiring: Wiring, budget: Budget, field: str | None) -> Group | None:
    """Asked for by its SKU: the product may not pass the filters that its variants pass."""
    if not field:
        return None
    asked = partial(wiring.shards.sku, home, sku, budget.left_s() * VECTOR_SHARE)
    found = await budget.attempt(f"hits-{home}", asked, None, VECTOR_SHARE)
    return group_of(found.hit, field) if found and found.hit else None


def _apart(best: Sequence[Fused], candidates: Candidates, own: Group | None) -> list[Fused]:
    groups = groups_of(candidates.answers)
    others = (one for one in best if own is None or groups.get(one.sku) != own)
    return first_of_each(others, lambda one: groups.get(one.sku), 1)
