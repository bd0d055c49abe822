"""Maximal marginal relevance: what comes next is good, and unlike what stands above it, by category and price.

Carbonell and Goldstein, The use of MMR, SIGIR 1998: next comes the candidate with the greatest
    lambda * relevance - (1 - lambda) * similarity to the most similar one above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log2
from typing import Final

import numpy as np
import numpy.typing as npt

from serving.ranking.stage import Order, Window

BAND_FACTOR: Final = 2.0
"""Prices of one band differ by less than this factor."""
BAND_POWER: Final = log2(BAND_FACTOR)
CATEGORY_SHARE: Final = 0.5
"""What the category counts in how alike two products are; the price band counts the rest."""


def price_band(price: float | None) -> int | None:
    """None without a price; what costs nothing is a band of its own."""
    if price is None:
        return None
    return floor(log2(price) / BAND_POWER) if price > 0 else -1_000_000


@dataclass(frozen=True)
class Diversity:
    """A `Stage`. Scores are put on a scale from 0 to 1 by the best one; equal ones stay as they were."""

    mmr_lambda: float
    """1: relevance only; 0: variety only."""

    def order(self, window: Window, so_far: Order) -> Order:
        places, scores = so_far
        if self.mmr_lambda >= 1.0 or len(places) < 2:
            return so_far
        alike = likeness([window.categories[at] for at in places], [window.bands[at] for at in places])
        chosen = _chosen(scaled([scores[at] for at in places]), alike, self.mmr_lambda)
        return Order([places[at] for at in chosen], scores)


def scaled(scores: Sequence[float]) -> npt.NDArray[np.float64]:
    """(n,), 0..1."""
    found = np.array(scores)
    best = found.max()
    return found / best if best > 0 else np.zeros(len(scores))


def likeness(categories: Sequence[Sequence[str]], bands: Sequence[int | None]) -> npt.NDArray[np.float64]:
    """(n, n), 0..1: how much of the category paths is shared, and whether the price bands are equal. What has no
    category or no price is like nothing in that respect."""
    levels = max(map(len, categories))
    names: dict[tuple[str, ...], int] = {}
    shared = np.zeros((len(categories), len(categories)))
    depths = np.array([len(path) for path in categories])
    for depth in range(1, levels + 1):
        prefixes = [tuple(path[:depth]) for path in categories]
        codes = np.array([names.setdefault(prefix, len(names)) for prefix in prefixes])
        both = (depths >= depth)[:, None] & (depths >= depth)[None, :]
        shared += both & (codes[:, None] == codes[None, :])
    deeper = np.maximum(np.maximum(depths[:, None], depths[None, :]), 1)
    priced = np.array([band is not None for band in bands])
    banded = np.array([0 if band is None else band for band in bands])
    alike = (banded[:, None] == banded[None, :]) & priced[:, None] & priced[None, :]
    return np.asarray(CATEGORY_SHARE * shared / deeper + (1 - CATEGORY_SHARE) * alike)


def _chosen(scores: npt.NDArray[np.float64], alike: npt.NDArray[np.float64], share: float) -> list[int]:
    """Places in the order in which they are taken; of equal ones the first."""
    nearest = np.zeros(len(scores))
    left = np.ones(len(scores), dtype=bool)
    order: list[int] = []
    for _ in range(len(scores)):
        marginal = np.where(left, share * scores - (1 - share) * nearest, -np.inf)
        best = int(marginal.argmax())
        order.append(best)
        left[best] = False
        nearest = np.maximum(nearest, alike[best])
    return order
