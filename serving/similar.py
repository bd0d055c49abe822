"""Products like one product: those whose vectors are nearest to its own."""

from typing import Final

from schemas.filters import Filters
from schemas.hits import Hit
from schemas.shard_messages import ShardQuery
from serving.budget import Budget
from serving.lexical import ByWords
from serving.merging import Candidates, whole
from serving.parts import Wiring
from serving.search import answers_of
from streams.partitioner import partition_of

VECTOR_SHARE: Final = 0.5
"""Of the time, for the product's own vector."""


async def similar(sku: str, limit: int, filters: Filters, wiring: Wiring, budget: Budget) -> list[Hit]:
    """The nearest first, without itself; nothing for a product that is not shown."""
    home = partition_of(sku.encode(), len(wiring.shards.partitions))
    of_it = wiring.shards.vectors(home, [sku], budget.left_s() * VECTOR_SHARE)
    found = await budget.attempt(f"shard-{home}", of_it, None, VECTOR_SHARE)
    vector = found.vectors.get(sku) if found else None
    if vector is None:
        return []
    queries = [
        ShardQuery(partition=at, vector=vector, limit=limit + 1, depth=limit + 1, filters=filters, budget_ms=1)
        for at in wiring.shards.partitions
    ]
    candidates = Candidates(await answers_of(queries, wiring.shards, budget), ByWords())
    best = [one for one in candidates.best if one.sku != sku]
    return await whole(best[:limit], candidates, wiring.shards, budget)
