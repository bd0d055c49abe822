"""Relevance first, moved a little by what the query names and what is good for a shop: stock, popularity, newness,
price."""

from dataclasses import dataclass

from schemas.ranking import RankWeights
from serving.ranking.stage import Order, Window


@dataclass(frozen=True)
class Formula:
    """A `Stage`: by `scored`; equal ones stay as they were."""

    weights: RankWeights

    def order(self, window: Window, so_far: Order) -> Order:
        scores = scored(window, self.weights)
        return Order(sorted(so_far.places, key=lambda at: -scores[at]), scores)  # stable: ties stay by relevance


def scored(window: Window, weights: RankWeights) -> list[float]:
    """relevance * (1 + named + popularity + newness - price, each times its weight), and less of it when out of stock.

    Shares of the relevance, not sums: what is hardly relevant gains hardly anything, however popular it is. No weight
    is above 1, so that no product ever falls below 0, or out of the list.
    """
    by_name, by_popularity, by_newness, by_price = weights.named, weights.popularity, weights.newness, weights.price
    out_of_stock = 1.0 - weights.stock
    features = zip(
        window.relevance,
        window.in_stock,
        window.named,
        window.popularity,
        window.newness,
        window.price,
        strict=True,
    )
    return [
        relevance
        * (1.0 + by_name * named + by_popularity * popularity + (by_newness * newness - by_price * price))
        * (1.0 if in_stock else out_of_stock)
        for relevance, in_stock, named, popularity, newness, price in features
    ]
