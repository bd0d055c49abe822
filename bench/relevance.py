"""NDCG, judged share and recall of ranked lists against people's ratings, as in the data's README."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

CUT = 10
DEPTH = 100
"""Ranked lists are cut here; the condensed figure depends on it."""

FIGURES: Final = {
    "ndcg10_full": "ndcg_full",
    "ndcg10_condensed": "ndcg_condensed",
    "judged10": "judged",
    "recall100": "recall",
}
"""Fields of `Judged` by the names of their means."""


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
        **{name: _mean(values) for name, values in per_query(judged).items()},
        "zero_results": sum(query.results == 0 for query in judged),
        "queries": len(rated),
    }


def per_query(judged: Sequence[Judged]) -> dict[str, list[float]]:
    """The figures of each query with a positive rating, by the names that `means` gives them."""
    rated = [query for query in judged if query.ndcg_full is not None]
    return {name: [getattr(query, field) for query in rated] for name, field in FIGURES.items()}


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
