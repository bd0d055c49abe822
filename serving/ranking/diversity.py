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

from serving.ranking.stage import Candidate

BAND_FACTOR: Final = 2.0
"""Prices of one band differ by less than this factor."""
CATEGORY_SHARE: Final = 0.5
"""What the category counts in how alike two products are; the price band counts the rest."""


def price_band(price: float | None) -> int | None:
    """None without a price; what costs nothing is a band of its own."""
    if price is None:
        return None
    return floor(log2(price) / log2(BAND_FACTOR)) if price > 0 else -1_000_000


@dataclass(frozen=True)
class Diversity:
    """A `Stage`. Scores are put on a scale from 0 to 1 by the best one; equal ones stay as they were."""

    mmr_lambda: float
    """1: relevance only; 0: variety only."""

    def order(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        if self.mmr_lambda >= 1.0 or len(candidates) < 2:
            return list(candidates)
        return [candidates[at] for at in _chosen(scaled(candidates), likeness(candidates), self.mmr_lambda)]


def scaled(candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """Scores (n,), 0..1."""
    scores = np.array([one.score for one in candidates])
    best = scores.max()
    return scores / best if best > 0 else np.zeros(len(candidates))


def likeness(candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """(n, n), 0..1: how much of the category paths is shared, and whether the price bands are equal. What has no
    category or no price is like nothing in that respect."""
    levels = max(len(one.category) for one in candidates)
    names: dict[tuple[str, ...], int] = {}
    shared = np.zeros((len(candidates), len(candidates)))
    depths = np.array([len(one.category) for one in candidates])
    for depth in range(1, levels + 1):
        prefixes = [one.category[:depth] for one in candidates]
        codes = np.array([names.setdefault(prefix, len(names)) for prefix in prefixes])
        both = (depths >= depth)[:, None] & (depths >= depth)[None, :]
        shared += both & (codes[:, None] == codes[None, :])
    deeper = np.maximum(np.maximum(depths[:, None], depths[None, :]), 1)
    priced = np.array([one.band is not None for one in candidates])
    bands = np.array([0 if one.band is None else one.band for one in candidates])
    alike = (bands[:, None] == bands[None, :]) & priced[:, None] & priced[None, :]
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
