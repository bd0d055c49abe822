"""What numbers of products are like: the least, the greatest, their sum, and how many products lie in which range."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from index_snapshots.search import Slots
from schemas.facet_counts import ShardNumbers

Numbers = npt.NDArray[np.float64]


def numbers(slots: Slots, values: Numbers, edges: Sequence[float]) -> ShardNumbers | None:
    """Of pairs (n,), ascending by slot, without NaN; None: there are none. `edges` ascend."""
    if not len(values):
        return None
    return ShardNumbers(
        count=len(values),
        min=float(values.min()),
        max=float(values.max()),
        total=float(values.sum()),
        ranges=_ranges(slots, values, np.array(edges, np.float64)),
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
