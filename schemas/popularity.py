"""How popular a product is: what sessions did with it, older signs counting less and less."""

from math import log1p
from typing import Final

from schemas.clicks import ClickType
from schemas.sessions import TYPE_WEIGHTS

HALF_LIFE_MS: Final = 7 * 24 * 3_600_000
"""A sign of interest counts half as much after a week."""
FEW: Final = 20.0
"""What is as popular as so many clicks of today counts fully at the earliest: in a shop where little is clicked nothing
is popular because of one visitor."""
POPULAR_MAX: Final = 20_000
"""Products of one partition of `clicks` whose popularity is kept: the most popular ones."""


def weight(kind: ClickType, at_ms: int, landmark_ms: int) -> float:
    """What one sign counts, as of the landmark: forward decay (Cormode et al., ICDE 2009). Sums of such weights can be
    compared for ever, because what time takes from one it takes from all."""
    return float(TYPE_WEIGHTS[kind] * 2.0 ** ((at_ms - landmark_ms) / HALF_LIFE_MS))


def decayed(total: float, landmark_ms: int, now_ms: int) -> float:
    """A sum of weights as of now."""
    return float(total * 2.0 ** ((landmark_ms - now_ms) / HALF_LIFE_MS))


def popularity(count: float, most: float) -> float:
    """0..1, by the logarithm; `most`: the decayed count of the most popular product."""
    return min(1.0, log1p(max(0.0, count)) / log1p(max(most, FEW)))
