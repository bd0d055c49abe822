"""Hits of which no more than a few are in the same group; each says which one it is in."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from schemas.facet_order import value_key
from schemas.grouping import GROUP_DEEPER, Group, attribute_of, first_of_each
from schemas.hits import Hit
from schemas.search import SearchRequest
from schemas.shard_messages import ShardAnswer


class Named(Protocol):
    @property
    def sku(self) -> str: ...


N = TypeVar("N", bound=Named)
Groups = Mapping[str, Group]
"""By SKU."""


def groups_of(answers: Mapping[int, ShardAnswer]) -> Groups:
    return {sku: group for answer in answers.values() for sku, group in answer.groups.items()}


def group_of(hit: Hit, field: str) -> Group | None:
    """Which one a product is in, as the shards name it: of several values of an attribute the first by name."""
    if not (attribute := attribute_of(field)):
        return hit.content.brand
    stated = hit.content.attributes.get(attribute)
    values = stated if isinstance(stated, list) else [stated]
    return min((one for one in values if isinstance(one, str | bool)), key=value_key, default=None)


def grouped(ranked: Sequence[N], groups: Groups, request: SearchRequest) -> Sequence[N]:
    """In the order given; all of them where nothing is grouped."""
    if request.group_by is None:
        return ranked
    return first_of_each(ranked, lambda one: groups.get(one.sku), request.group_limit)


def told(hits: Sequence[Hit], groups: Groups) -> list[Hit]:
    """The same hits, with their groups."""
    return [hit.model_copy(update={"group": groups[hit.sku]}) if hit.sku in groups else hit for hit in hits]


def deeper(depth: int, request: SearchRequest) -> int:
    """How many candidates are needed for so many hits."""
    return depth if request.group_by is None else depth * GROUP_DEEPER
