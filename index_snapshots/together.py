"""Whether the rows that pass a filter lie together: then a graph leads most queries to rows that do not."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from index_snapshots.filters import Mask
from index_snapshots.graph import Graph, Ids

PAIRS_MAX: Final = 2048
TOGETHER_SHARE: Final = 1 / 4
"""They do when the neighbours of rows that pass do so more often than others, by this part of all that is possible: of
half of the rows, drawn at random, half of the neighbours pass; of clusters that half of the rows are in, 0.7."""
FILTERS_MAX: Final = 16
"""Filters remembered."""


class Pair(NamedTuple):
    """Slots of some rows, evenly drawn, and of a near one of each, both (n,)."""

    slots: npt.NDArray[np.int32]
    near: npt.NDArray[np.int32]


class Neighbours:
    """Of one graph that does not grow. It follows from the graph and the filter alone, so it is the same on every
    machine. Threads may ask at the same time; the worst is that both work it out."""

    def __init__(self, graph: Graph, slots: npt.NDArray[np.int32]) -> None:
        """`slots`: of each element, (n,)."""
        elements: Ids = np.arange(0, len(graph), -(-len(graph) // PAIRS_MAX))
        near = graph.first_links(elements)
        self._pairs = Pair(slots[elements[near >= 0]], slots[near[near >= 0]])
        self._known: dict[Mask, bool] = {}

    def together(self, passing: Mask) -> bool:
        found = self._known.get(passing)
        if found is None:
            if len(self._known) >= FILTERS_MAX:
                self._known = {}
            found = self._known[passing] = self._together(passing)
        return found

    def _together(self, passing: Mask) -> bool:
        passes, near_passes = passing.has(self._pairs.slots), passing.has(self._pairs.near)
        if not passes.any():
            return False
        share = float(passes.mean())
        return float(near_passes[passes].mean()) - share > TOGETHER_SHARE * (1 - share)
