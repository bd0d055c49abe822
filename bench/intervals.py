"""How sure a mean over queries is: intervals by drawing the queries again and again, the same for both of a pair."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

DRAWS: Final = 10_000
SEED: Final = 7
LEVEL: Final = 0.95


class Interval(NamedTuple):
    """A mean, and where it lies in LEVEL of the draws."""

    mean: float
    low: float
    high: float

    def rounded(self) -> list[float]:
        return [round(number, 4) for number in self]


def interval(values: Sequence[float]) -> Interval:
    """Of the mean of `values`, one per query; percentile bootstrap (Efron 1979). Raises ValueError without any."""
    if not values:
        raise ValueError("there is no query to take a mean over")
    numbers = np.array(values)
    means = numbers[_draws(len(numbers))].mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(numbers.mean()), float(low), float(high))


def paired(these: Sequence[float], those: Sequence[float]) -> Interval:
    """Of the mean difference, these - those, query by query: what both find easy or hard falls out."""
    return interval([one - other for one, other in zip(these, those, strict=True)])


def compared(by_name: Mapping[str, Sequence[float]]) -> dict[str, Interval]:
    """Of each pair "a - b", the later ones against the earlier ones."""
    names = list(by_name)
    pairs = [(names[later], names[earlier]) for later in range(1, len(names)) for earlier in range(later)]
    return {f"{this} - {that}": paired(by_name[this], by_name[that]) for this, that in pairs}


def _draws(count: int) -> npt.NDArray[np.int64]:
    """(DRAWS, count): which queries each draw takes; the same for the same count."""
    return np.random.default_rng(SEED).integers(0, count, (DRAWS, count))
