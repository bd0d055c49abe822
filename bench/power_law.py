"""Fits y = a * n^b through measured sizes, to say what a larger one would cost if it went on like that."""

import math
from collections.abc import Sequence
from typing import NamedTuple


class PowerLaw(NamedTuple):
    factor: float
    exponent: float

    def at(self, size: float) -> float:
        return self.factor * math.pow(size, self.exponent)


def fitted(sizes: Sequence[float], values: Sequence[float]) -> PowerLaw | None:
    """Least squares of the logarithms. None for fewer than two different sizes, or a value that is not above 0."""
    if len(set(sizes)) < 2 or any(not value > 0 for value in values):
        return None
    points = [(math.log(size), math.log(value)) for size, value in zip(sizes, values, strict=True)]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    exponent = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    return PowerLaw(math.exp(mean_y - exponent * mean_x), exponent)
