"""Which products match a query, whatever filters are put upon it: what facets are counted over."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index_snapshots.search import Slots
from index_snapshots.view import ShardView
from schemas.filters import Filters


class MatchSet(Protocol):
    """The products of one view that match."""

    def slots(self, filters: Filters) -> Slots:
        """Of those that also pass: int64, ascending. Raises InvalidRequest for filters by what is not declared."""


@dataclass(frozen=True)
class Everything:
    """Without a query all match."""

    view: ShardView

    def slots(self, filters: Filters) -> Slots:
        return self.view.filters.mask(filters).slots()


@dataclass(frozen=True)
class These:
    """The products of these slots, ascending, whatever is filtered by."""

    view: ShardView
    matching: Slots

    def slots(self, filters: Filters) -> Slots:
        return np.asarray(self.matching[self.view.filters.mask(filters).has(self.matching)])


@dataclass(frozen=True)
class Best:
    """The best candidates, found anew behind other filters."""

    view: ShardView
    find: Callable[[Filters], Slots]
    """In any order, some twice; all pass."""

    def slots(self, filters: Filters) -> Slots:
        found = np.sort(self.find(filters))
        return np.asarray(found[np.flatnonzero(np.diff(found, prepend=-1))])
