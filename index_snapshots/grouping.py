"""Which group each of a view's products is in."""

from collections.abc import Callable, Iterable

import numpy as np

from index_snapshots.columns import CHUNK_ROWS, NO_CODE
from index_snapshots.facets import FrozenFacet
from index_snapshots.protocol import Found
from index_snapshots.view import ShardView
from schemas.facet_ask import ATTRIBUTE
from schemas.facet_order import value_key
from schemas.grouping import Group

GroupOf = Callable[[int], Group | None]
"""The group of the product in a slot."""


def groups(view: ShardView, field: str, found: Iterable[Found]) -> dict[str, Group]:
    """By SKU; products without one are missing. Of several values of an attribute the first by name counts."""
    group_of = _group_of(view, field)
    named = ((one.sku, group_of(one.slot)) for one in found)
    return {sku: group for sku, group in named if group is not None}


def _group_of(view: ShardView, field: str) -> GroupOf:
    if field.startswith(ATTRIBUTE):
        return _by_attribute(view.facets[field.removeprefix(ATTRIBUTE)])
    brands = view.words.brands.words

    def brand(slot: int) -> Group | None:
        code = view.columns.get("brand", slot)
        return None if code == NO_CODE else brands[code]

    return brand


def _by_attribute(facet: FrozenFacet) -> GroupOf:
    words = list(facet.codes)

    def value(slot: int) -> Group | None:
        at, place = divmod(slot, CHUNK_ROWS)
        pairs, position = facet.chunks[at], np.uint16(place)
        low, high = pairs.positions.searchsorted(position, "left"), pairs.positions.searchsorted(position, "right")
        return min((words[code] for code in pairs.values[low:high].tolist()), key=value_key, default=None)

    return value
