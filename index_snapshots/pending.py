"""A merge under way: what it takes, since when, and when its segment comes into place."""

from dataclasses import dataclass

import numpy as np

from index_snapshots.builder import Built
from index_snapshots.pacing import build_s
from index_snapshots.parts import Mask, Part, Store


@dataclass(frozen=True)
class Planned:
    """Part of a shard's state: the rest follows from it."""

    taken: tuple[Store, ...]
    """In the order of their rows."""
    kept: tuple[Mask, ...]
    """Which of their rows its graph takes, (count,) each."""
    grown: bool
    """Whether the first one is a segment whose graph is extended."""
    of_base: bool
    begun: int
    """The seal at which it was begun."""
    due: int
    """The seal at which its segment is installed."""

    @property
    def extends(self) -> bool:
        """Whether the first one's rows all keep their places, whatever of them is taken out of its graph."""
        return self.grown and bool(self.kept[0].any())

    @property
    def rows(self) -> tuple[Mask, ...]:
        """Which of their rows its segment has, (count,) each."""
        return (np.ones_like(self.kept[0]), *self.kept[1:]) if self.extends else self.kept

    @property
    def build_s(self) -> float:
        """CPU time that it takes, about."""
        added = sum(int(np.count_nonzero(kept)) for kept in self.kept[self.extends :])
        return build_s(added, sum(int(np.count_nonzero(rows)) for rows in self.rows))


@dataclass(frozen=True)
class Pending:
    """One that the writer has begun."""

    planned: Planned
    parts: tuple[Part, ...]
    built: Built
