"""NDCG, judged share and recall of ranked lists against people's ratings, as in the data's README."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CUT = 10
DEPTH = 100
"""Ranked lists are cut here; the condensed figure depends on it."""


@dataclass(frozen=True)
class Judged:
    """Figures of one query; None where the query has no positive rating and so no ideal."""

    ndcg_full: float | None
    ndcg_condensed: float | None
    judged: float
    recall: float | None
    results: int


def gain_at_cut(ratings: Sequence[float]) -> float:
    """DCG@10 with linear gain: sum of rating / log2(rank + 1), rank from 1."""
    return sum(rating / math.log2(rank + 1) for rank, rating in enumerate(ratings[:CUT], start=1))


def judge(ranked: Sequence[str], ratings: Mapping[str, float]) -> Judged:
    """`ranked`: product ids, best first; `ratings`: every judged product of the query.

    full: an unjudged product counts as 0. condensed: unjudged products are taken out of the list first.
    judged: share of the top 10 places that hold a judged product, empty places count as unjudged.
    recall: share of the products with a positive rating that are in the list.
    """
    listed = list(ranked[:DEPTH])
    ideal = gain_at_cut(sorted(ratings.values(), reverse=True))
    positive = {product for product, rating in ratings.items() if rating > 0}
    full = gain_at_cut([ratings.get(product, 0.0) for product in listed])
    condensed = gain_at_cut([ratings[product] for product in listed if product in ratings])
    return Judged(
        ndcg_full=full / ideal if positive else None,
        ndcg_condensed=condensed / ideal if positive else None,
        judged=sum(product in ratings for product in listed[:CUT]) / CUT,
        recall=len(positive.intersection(listed)) / len(positive) if positive else None,
        results=len(listed),
    )


def means(judged: Sequence[Judged]) -> dict[str, float | int | None]:
    """Means over the queries with a positive rating; `zero_results` is counted over all of them."""
    rated = [query for query in judged if query.ndcg_full is not None]
    return {
        "ndcg10_full": _mean([query.ndcg_full for query in rated]),
        "ndcg10_condensed": _mean([query.ndcg_condensed for query in rated]),
        "judged10": _mean([query.judged for query in rated]),
        "recall100": _mean([query.recall for query in rated]),
        "zero_results": sum(query.results == 0 for query in judged),
        "queries": len(rated),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 4) if known else None
