"""One list out of the shards' sorted hits, in the order that each of them keeps (`index_snapshots.sorting`)."""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any

from schemas.facet_counts import Counting
from schemas.hits import Hit
from schemas.search import SearchRequest
from schemas.shard_messages import ShardAnswer
from schemas.sorting import RELEVANCE, Sort


def sort_of(request: SearchRequest, counting: Counting) -> Sort:
    """What the shards sort by: where nothing is searched for the newest come first, and groups take all that match."""
    newest = request.sort == RELEVANCE and counting.match == "passing" and request.group_by is not None
    return "newest" if newest else request.sort


def in_order(answers: Iterable[ShardAnswer], sort: Sort, popular: Sequence[str] = ()) -> list[Hit]:
    """Ties by SKU; those without a price last, whichever way. `popular`: what the shards were told."""
    if sort == "popularity":
        places = {sku: place for place, sku in enumerate(popular)}
        every = (hit for answer in answers for hit in answer.hits)
        return sorted(every, key=lambda hit: (places.get(hit.sku, len(places)), _newest(hit), hit.sku))
    key = KEYS[sort]
    return sorted((hit for answer in answers for hit in answer.hits), key=lambda hit: (key(hit), hit.sku))


def _newest(hit: Hit) -> tuple[int, int]:
    return -hit.content_order.generation, -hit.content_order.offset


def _cheapest(hit: Hit) -> float:
    return hit.offer.price.amount if hit.offer and hit.offer.price else inf


def _dearest(hit: Hit) -> float:
    return -hit.offer.price.amount if hit.offer and hit.offer.price else inf


KEYS: dict[Sort, Callable[[Hit], Any]] = {"newest": _newest, "price_asc": _cheapest, "price_desc": _dearest}
