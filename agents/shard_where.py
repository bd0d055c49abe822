"""Tells of one product why it is, or is not, among the hits of a partition."""

from typing import Any

from agents.asked import Asked
from agents.shard_counting import wanted_of
from index_snapshots.protocol import Half, Offsets
from index_snapshots.whereabouts import by_meaning, in_words, live, met
from schemas.errors import Unavailable
from schemas.whereabouts import WhereQuery


def where(kept: Asked, asked: WhereQuery, vector: Half | None) -> tuple[Offsets, dict[str, Any]]:
    """A WhereAnswer but for its state, and the offsets of that. Some ms: not in an event loop."""
    view = kept.shard.view
    told: dict[str, Any] = {"live": live(view, asked.sku)}
    if told["live"] != "shown":
        return view.offsets, told
    told["conditions"] = met(view, asked.sku, asked.filters)
    if all(told["conditions"].values()):
        if vector is not None:
            told["meaning"] = by_meaning(view, asked.sku, vector, asked.filters).model_dump()
        if asked.words.text and kept.words is not None:
            try:
                committed = kept.words.now
                place = in_words(view, committed, asked.sku, wanted_of(committed, asked.words), asked.filters)
            except Unavailable:
                return view.offsets, told
            told["words"] = place.model_dump()
    return view.offsets, told
