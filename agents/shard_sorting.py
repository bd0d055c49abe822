"""A search that is sorted by price, age or popularity: the first of all products that match."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.asked import Asked
from agents.shard_counting import Candidates, counts, match_set
from index_snapshots.grouping import groups
from index_snapshots.protocol import Found, Half
from index_snapshots.search import Slots
from index_snapshots.sorting import in_order
from index_snapshots.view import ShardView
from schemas.errors import Unavailable
from schemas.facet_counts import Counting
from schemas.grouping import GROUP_DEEPER, Group, first_of_each
from schemas.shard_messages import ShardQuery


def sorted_hits(
    kept: Asked, view: ShardView, query: ShardQuery, counting: Counting, vectors: Sequence[Half], found: Candidates
) -> dict[str, Any]:
    """A ShardAnswer but for its state."""
    passing = view.counts.visible if query.filters.empty else view.filters.mask(query.filters).count
    try:
        match = match_set(kept, view, query, counting, vectors, found)
        hits, grouped = _first(view, match.slots(query.filters), query)
        counted = counts(view, query, counting, match)
    except Unavailable:
        return {"hits": [], "matching": passing}
    return {"hits": view.hit_parts(hits), "matching": passing, "groups": grouped, "counted": counted}


def _first(view: ShardView, slots: Slots, query: ShardQuery) -> tuple[list[Found], dict[str, Group]]:
    """The first hits, no more of a group than are wanted, and their groups."""
    if query.group_by is None:
        return in_order(view, slots, query.sort, query.limit, query.popular), {}
    depth = query.limit
    while True:
        depth *= GROUP_DEEPER
        found = in_order(view, slots, query.sort, depth, query.popular)
        grouped = groups(view, query.group_by, found)
        kept = _kept(found, grouped, query.group_limit)
        if len(kept) >= query.limit or depth >= len(slots):
            hits = kept[: query.limit]
            return hits, {one.sku: grouped[one.sku] for one in hits if one.sku in grouped}


def _kept(found: Sequence[Found], grouped: Mapping[str, Group], limit: int) -> list[Found]:
    return first_of_each(found, lambda one: grouped.get(one.sku), limit)
