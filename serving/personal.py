"""What personalising did to an answer, for people who ask: the session's items, and each hit's move."""

from collections.abc import Iterable
from typing import Any

from schemas.fusion import Fused
from schemas.hits import Hit
from schemas.personal import RERANK_WINDOW
from schemas.sessions import session_weights
from serving.merging import Candidates
from serving.tastes import Leaning


def moves(hits: Iterable[Hit], candidates: Candidates, without: Iterable[Fused], first: int) -> dict[str, Any]:
    """By SKU: affinity, the relevance that it was ranked by, and its rank (from 1) before and after.

    `hits` begin at rank `first`. The rank before is among all that the shards gave, `without` the session.
    """
    before = {one.sku: rank for rank, one in enumerate(without, 1)}
    return {
        hit.sku: {
            "affinity": hit.affinity,
            "ranked_by": hit.relevance,
            "rank_before": before[hit.sku],
            "rank": rank,
        }
        for rank, hit in enumerate(hits, first)
    }


def explained_session(leaning: Leaning | None, wall_ms: int) -> dict[str, Any] | None:
    """The session's items, newest first, with their shares of its vector; None when nothing is known of it."""
    if leaning is None:
        return None
    items = leaning.history.items
    return {
        "vector": leaning.source,
        "strength": leaning.strength,
        "window": RERANK_WINDOW,
        "items": [
            {
                "sku": item.sku,
                "type": item.type,
                "age_s": round(max(0, wall_ms - item.at_ms) / 1000, 3),
                "weight": round(weight, 4),
            }
            for item, weight in zip(items, session_weights(items), strict=True)
        ],
    }
