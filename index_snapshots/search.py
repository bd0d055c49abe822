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


def place(values: npt.NDArray[np.float64], rank: int) -> float:
    """The `rank`-th greatest, from 1, of at least so many."""
    return float(np.partition(values, len(values) - rank)[len(values) - rank])
