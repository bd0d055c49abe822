"""Relevance first, moved a little by what the query names and what is good for a shop: stock, popularity, newness,
price."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.ranking import RankWeights
from serving.ranking.stage import Candidate, Features


@dataclass(frozen=True)
class Formula:
    """A `Stage`: by `scored`; equal ones stay as they were."""

    weights: RankWeights

    def order(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        scores = [
            Candidate(sku, features, scored(features, self.weights), category, band)
            for sku, features, _, category, band in candidates
        ]
        return sorted(scores, key=lambda one: -one.score)  # stable: ties stay in the order of their relevance


def scored(features: Features, weights: RankWeights) -> float:
    """relevance * (1 + named + popularity + newness - price, each times its weight), and less of it when out of stock.

    Shares of the relevance, not sums: what is hardly relevant gains hardly anything, however popular it is. No weight
    is above 1, so that no product ever falls below 0, or out of the list.
    """
    moved = 1.0 + weights.named * features.named + weights.popularity * features.popularity
    moved += weights.newness * features.newness - weights.price * features.price
    return features.relevance * moved * (1.0 if features.in_stock else 1.0 - weights.stock)
