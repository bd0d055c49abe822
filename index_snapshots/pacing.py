"""When rows are sealed, merged and installed: a function of how many there are, never of how fast a machine is."""

from dataclasses import dataclass
from math import ceil
from typing import Final

HEAD_ROWS: Final = 1024
"""Rows of a flat head: each costs every search about 20 ns until it is in a graph."""
BASE_SHARE: Final = 1 / 32
"""The base is extended when so large a part of it waits beside it. Each merge copies the base, so less often is
cheaper for the builder, and more often is cheaper for the searches."""
WAITING_HEADS_MAX: Final = 4
"""So many sealed heads are merged into a small segment while the base is busy or too large to be extended yet."""
DEAD_SHARE: Final = 1 / 20
"""More of a segment's rows dead: the merge takes them out."""


@dataclass(frozen=True)
class Pacing:
    """Part of a shard's identity: another pacing gives other segments, hence another lineage."""

    head_rows: int = HEAD_ROWS
    base_share: float = BASE_SHARE
    rows_per_s: int = 2_000
    """The rate that builds are paced for: at a higher one the writer waits for them."""
    recall: float = 0.98
    exact_max: int = 512
    """So few products, in all or behind a filter, are all scored exactly."""

    def seals(self, added: int, size: int) -> int:
        """After how many seals a merge is installed that adds rows and makes a segment of `size` rows.

        Measured on 2 cores of 2.0 GHz with 384 dimensions (docs/scale.md): copying, repairing and measuring 6 us a
        row of the whole, inserting 60 us and 12 more for each doubling beyond 1,024 rows.
        """
        doublings = max(0, size.bit_length() - 10)
        build_us = 100_000 + 6 * size + added * (60 + 12 * doublings)
        return max(1, ceil(build_us * self.rows_per_s / (self.head_rows * 1_000_000)))
