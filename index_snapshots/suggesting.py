"""What one shard suggests for what was typed so far: products by their words, brands and categories by their names."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from index_snapshots.shard_names import Counted, Named, ShardNames, passing_names
from index_snapshots.view import ShardView
from index_snapshots.word_index import PREFIX_CHARS_MIN, Committed
from index_snapshots.word_search import passing
from schemas.filters import NO_FILTERS, Filters
from schemas.folding import words_in
from schemas.suggest import SuggestKind

SPARE: Final = 4
"""Products looked at for each that is wanted: many variants have one title."""


def suggested(
    names: ShardNames,
    view: ShardView,
    committed: Committed | None,
    text: str,
    limit: int,
    kinds: Sequence[SuggestKind],
    filters: Filters = NO_FILTERS,
) -> dict[str, Any]:
    """As `schemas.suggest.ShardSuggestions`, but for its state. `committed`: None where there are no words now."""
    brands, categories = names.of(view)
    if not filters.empty:
        brands, categories = passing_names(view, brands, categories, filters)
    return {
        "products": _products(view, committed, text, limit, filters) if "products" in kinds and committed else [],
        "brands": _names(brands, text, limit) if "brands" in kinds else [],
        "categories": _names(categories, text, limit) if "categories" in kinds else [],
    }


def _names(counted: Counted, text: str, limit: int) -> list[dict[str, Any]]:
    return [_named(one) for one in counted.suggested(text, limit)]


def _named(one: Named) -> dict[str, Any]:
    return {"name": one.name, "products": one.products, "rank": list(one.fit)}


def _products(view: ShardView, committed: Committed, text: str, limit: int, filters: Filters) -> list[dict[str, Any]]:
    """Each title once."""
    if len(text.strip()) < PREFIX_CHARS_MIN:
        return []
    wanted = committed.understand(text, typing=True)
    near = {
        word.text: committed.term_near(word.text) for word in wanted.words if not word.known and not word.beginnings
    }
    if any(near.values()):
        text = " ".join(near.get(word) or word for word in words_in(text))
        wanted = committed.understand(text, typing=True)
    slots, scores = passing(committed, view, wanted, limit * SPARE, filters)
    by_title: dict[str, dict[str, Any]] = {}
    for slot, score in zip(slots, scores, strict=True):
        sku, title = view.words.skus[slot], orjson.loads(view.bodies[slot])["title"]
        by_title.setdefault(title, {"sku": sku, "title": title, "score": score})
        if len(by_title) == limit:
            break
    return list(by_title.values())
