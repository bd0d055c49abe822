"""Products by their SKUs, as the shards show them now."""

from collections.abc import Sequence
from typing import Final

from schemas.hits import Hit
from schemas.limits import HITS_MAX, SKU_CHARS_MAX
from schemas.read_token import Offsets
from serving.budget import Budget
from serving.instantsearch.together import side_by_side
from serving.keys.grant import Grant
from serving.keys.limiting import forced_filters
from serving.parts import Wiring
from streams.partitioner import partition_of

TIMEOUT_S: Final = 1.0
OBJECTS_MAX: Final = 1_000
"""Of one request."""
ANY_STATE: Final = Offsets(0, 0)
Partitioned = dict[int, list[str]]


async def products(skus: Sequence[str], grant: Grant, wiring: Wiring) -> dict[str, Hit]:
    """By SKU; what is not shown, or not to this key, is missing. Raises Unavailable when a shard is away."""
    asked: Partitioned = {}
    for sku in dict.fromkeys(skus):
        if 0 < len(sku) <= SKU_CHARS_MAX:
            asked.setdefault(partition_of(sku.encode(), len(wiring.shards.partitions)), []).append(sku)
    hits = await (_that_pass(asked, grant, wiring) if grant.limited else _all_of(asked, wiring))
    return {hit.sku: hit for hit in hits}


async def _all_of(asked: Partitioned, wiring: Wiring) -> list[Hit]:
    budget = Budget(TIMEOUT_S, wiring.clock)
    answers = await side_by_side(
        wiring.shards.hits(partition, skus[at : at + HITS_MAX], budget, ANY_STATE)
        for partition, skus in asked.items()
        for at in range(0, len(skus), HITS_MAX)
    )
    return [hit for answer in answers for hit in answer.hits]


async def _that_pass(asked: Partitioned, grant: Grant, wiring: Wiring) -> list[Hit]:
    """One by one: so a shard says whether a product passes."""
    only = forced_filters(grant, wiring.facets)
    answers = await side_by_side(
        wiring.shards.sku(partition, sku, TIMEOUT_S, None, only) for partition, skus in asked.items() for sku in skus
    )
    return [answer.hit for answer in answers if answer.hit is not None and answer.passes]
