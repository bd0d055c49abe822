"""What numbers of products are like: the least, the greatest, their sum, how many products lie in which range or have
which number."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from index_snapshots.search import Slots
from schemas.facet_counts import ShardNumbers, ShardValues

Numbers = npt.NDArray[np.float64]


def numbers(slots: Slots, values: Numbers, edges: Sequence[float], told_max: int = 0) -> ShardNumbers | None:
    """Of pairs (n,), ascending by slot, without NaN, none of them twice; None: there are none. `edges` ascend. So many
    of the numbers are told themselves."""
    if not len(values):
        return None
    return ShardNumbers(
        count=len(values),
        min=float(values.min()),
        max=float(values.max()),
        total=float(values.sum()),
        ranges=_ranges(slots, values, np.array(edges, np.float64)),
        told=_told(values, told_max) if told_max else ShardValues(),
    )


def _told(values: Numbers, told_max: int) -> ShardValues:
    every, counts = np.unique(values, return_counts=True)
    first = np.argsort(-counts, kind="stable")[:told_max]
    return ShardValues(
        values=every[first].tolist(),
        counts=counts[first].tolist(),
        distinct=len(every),
        left_out_max=int(counts[first[-1]]) if len(every) > told_max else 0,
    )


def _ranges(slots: Slots, values: Numbers, edges: Numbers) -> list[int]:
    """Products below the first edge, between each two, above the last; an edge counts on both sides, as in a filter."""
    if not len(edges):
        return []
    several = slots[1:] == slots[:-1]
    if several.any():
        return _products(slots, values, edges)
    up_to = np.cumsum(np.bincount(edges.searchsorted(values), minlength=len(edges) + 1))[:-1]
    below = up_to - [np.count_nonzero(values == edge) for edge in edges.tolist()]  # quicker than to search twice
    return [int(up_to[0]), *(up_to[1:] - below[:-1]).tolist(), int(len(values) - below[-1])]


def _products(slots: Slots, values: Numbers, edges: Numbers) -> list[int]:
    """The same where a product has several numbers: it counts once in a range."""
    counts = []
    for low, high in pairwise([-np.inf, *edges.tolist(), np.inf]):
        inside = slots[(values >= low) & (values <= high)]
        counts.append(int(np.count_nonzero(np.diff(inside, prepend=-1))))
    return counts
