"""Cuts a list of scores to those that can be among the best."""

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.int64]


def at_least(values: npt.NDArray[np.generic], limit: int) -> Slots:
    """Positions whose value is not below the `limit`-th greatest: at least `limit`, if there are."""
    if len(values) <= limit:
        return np.arange(len(values))
    cut = np.partition(values, len(values) - limit)[len(values) - limit]
    return np.flatnonzero(values >= cut)


def tenth(values: npt.NDArray[np.float64]) -> float:
    """The tenth greatest, or the least of fewer."""
    return float(np.partition(values, -min(10, len(values)))[-min(10, len(values))])
