"""How a session changes the order of hits: one bounded formula that the shards and the query tier share."""

from collections.abc import Mapping, Sequence
from typing import Final

from schemas.fusion import Fused, better_rank

RERANK_WINDOW: Final = 100
"""So many of the best hits by words, and by meaning, of each partition are re-ranked, whatever the page: paging stays
consistent."""


def moved(hits: Sequence[Fused], affinities: Mapping[str, float], strength: float) -> list[Fused]:
    """Hits by words and by meaning with what a session makes of them: best first, ties as without one.

    The session is a third list, fused as the others are (`schemas.fusion`): its cosines with the products on a scale
    from 0 to 1 over all of them, 0 for those without one. It counts `strength` (0..1) x the greatest of its cosines:
    one that has nothing to do with the query counts little. No hit moves by more than `strength`, and what lies
    behind the window never overtakes what lies in it.
    """
    known = [affinities[one.sku] for one in hits if one.sku in affinities]
    if not known:
        return list(hits)
    low, high = min(known), max(known)
    share, span = strength * min(1.0, max(0.0, high)), high - low

    def drawn(sku: str) -> float:
        affinity = affinities.get(sku)
        return 0.0 if affinity is None else (affinity - low) / span if span > 0 else 1.0

    return sorted(
        (one._replace(relevance=(1.0 - share) * one.relevance + share * drawn(one.sku)) for one in hits),
        key=lambda one: (-one.relevance, better_rank(one), one.sku),
    )
