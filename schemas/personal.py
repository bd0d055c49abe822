"""How a session changes the order of hits: one bounded formula that the shards and the query tier share."""

from typing import Final

RERANK_WINDOW: Final = 100
"""So many of the best hits of each partition are re-ranked, whatever the page: paging stays consistent."""
OUTSIDE_WINDOW: Final = -1.01
"""Less than any affinity (-1, and 0.002 for fp16): what lies behind the window never overtakes what lies in it."""


def blended(score: float, affinity: float | None, strength: float) -> float:
    """score + strength * affinity; both are cosines, so no score moves by more than `strength` (0..1).

    The linear combination over a fixed window of every shard is that of Elasticsearch's query rescorer (`rescore`,
    score_mode total, https://www.elastic.co/guide/en/elasticsearch/reference/current/filter-search-results.html#rescore).
    `affinity` is the cosine of product and session, None outside the window.
    """
    return score + strength * (OUTSIDE_WINDOW if affinity is None else affinity)
