"""Where one product stands in a shard beside a query: live or not, which conditions it meets, its place in lists."""

from collections.abc import Iterator

import numpy as np

from index_snapshots.protocol import Half
from index_snapshots.view import ShardView
from index_snapshots.word_index import Committed, Wanted
from index_snapshots.word_search import by_words
from schemas.filter_groups import alone, named
from schemas.filters import Filters
from schemas.limits import SEARCH_DEPTH_MAX
from schemas.whereabouts import Live, Place


def conditions(filters: Filters) -> Iterator[tuple[str, Filters]]:
    """Each condition by itself, with its name; all of them together are the filters."""
    yield from ((name, alone(filters, name)) for name in named(filters))
    yield from ((f"all.{number}", inner) for number, inner in enumerate(filters.all or ()))
    if filters.any is not None:
        yield "any", Filters(any=filters.any)
    if filters.not_ is not None:
        yield "not", Filters.model_validate({"not": filters.not_})


def live(view: ShardView, sku: str) -> Live:
    found = view.lookup(sku)
    if found.hit is not None:
        return "shown"
    return "deleted" if found.deleted else "waiting for its document" if found.waiting == "document" else "unknown"


def met(view: ShardView, sku: str, filters: Filters) -> dict[str, bool]:
    """By condition. Raises InvalidRequest for attributes that are not declared."""
    slots = np.array([view.words.slot_of[sku]])
    return {name: bool(view.filters.mask(one).has(slots)[0]) for name, one in conditions(filters)}


def by_meaning(view: ShardView, sku: str, vector: Half, filters: Filters) -> Place:
    """Of a product that is shown and passes."""
    row = np.array([view.columns.get("row", view.words.slot_of[sku])])
    score = float(view.vectors.exact(vector.astype(np.float64), row)[0])
    ranked = view.search(vector, SEARCH_DEPTH_MAX, filters).found
    return Place(score=score, rank=next((rank for rank, one in enumerate(ranked, 1) if one.sku == sku), None))


def in_words(view: ShardView, committed: Committed, sku: str, wanted: Wanted, filters: Filters) -> Place:
    """Of a product that is shown and passes."""
    listed = by_words(committed, view, wanted, SEARCH_DEPTH_MAX, filters)
    if sku in listed.skus:
        at = listed.skus.index(sku)
        return Place(score=listed.scores[at], rank=at + 1)
    alone = committed.best(wanted, 1, among=[view.words.slot_of[sku]])
    return Place(score=alone.scores[0] if alone.scores else None, rank=None)
