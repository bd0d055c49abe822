"""When rows are sealed, merged and installed: a function of the log alone, never of how fast a machine is."""

from dataclasses import dataclass
from math import ceil
from typing import Final

HEAD_ROWS: Final = 1024
"""Rows of a flat head: each costs every search about 20 ns until it is in a graph."""
WAITING_HEADS_MAX: Final = 4
"""So many sealed heads are merged into a small segment while the base is busy or too large to be extended yet."""
DEAD_SHARE: Final = 1 / 20
"""More of a segment's rows dead: the merge takes them out."""
REBUILT_SHARE: Final = 1 / 2
"""So many of a segment's rows taken out by repairs since it was built: it is built anew, and holds them no more.
Repairs cost recall, which a larger `ef` wins back: after twice its rows a base needed four times the `ef` of a new one,
after half of them a third more (docs/adr/0008-segments.md)."""
ROWS_PER_S_MIN: Final = 50
BUILDER_SHARE: Final = 0.6
"""Of one core, for merges of the base: each copies it, so the faster rows come, the more of them a merge takes."""
WAITING_SHARE_MAX: Final = 1 / 8
"""But it takes no more rows than this part of the base."""
MARGIN: Final = 1.25
"""How much longer than alone on a core a merge may take before the writer has to wait for it."""
REBUILD_MARGIN: Final = 2.5
"""The same for a base that is built anew: for so long it must not be noticed, and the searches have the cores."""


@dataclass(frozen=True)
class Pacing:
    """Part of a shard's identity: another pacing gives other segments, hence another lineage."""

    head_rows: int = HEAD_ROWS
    rows_per_s_max: int = 2_000
    """Merges are paced for the rate at which the log says that rows came, up to this one: beyond, the writer waits."""
    recall: float = 0.98
    exact_max: int = 512
    """So few products, in all or behind a filter, are all scored exactly."""

    def rows_per_s(self, took_ms: int) -> float:
        """The rate at which a head was filled, by the times (LogAppendTime) of its rows."""
        rate = self.head_rows * 1000 / took_ms if took_ms > 0 else self.rows_per_s_max
        return min(max(rate, ROWS_PER_S_MIN), self.rows_per_s_max)

    def waiting(self, size: int, rows_per_s: float) -> int:
        """How many living rows must wait beside a base of `size` rows for it to be extended: at least half a head's."""
        left_us = BUILDER_SHARE * 1_000_000 - rows_per_s * insert_us(size)
        most = size * WAITING_SHARE_MAX
        wanted = min(copy_us(size) * rows_per_s / left_us, most) if left_us > 0 else most
        return max(self.head_rows // 2, ceil(wanted))

    def seals(self, added: int, size: int, rows_per_s: float, margin: float = MARGIN) -> int:
        """After how many seals a merge is installed that adds rows and makes a segment of `size` rows."""
        return max(1, ceil(margin * build_s(added, size) * rows_per_s / self.head_rows))


def build_s(added: int, size: int) -> float:
    """CPU time of a merge that adds so many rows and makes a segment of `size` rows."""
    return (copy_us(size) + added * insert_us(size)) / 1_000_000


CACHED_BITS: Final = 17
"""Caches hold about a graph of 2^17 rows of 384 dimensions (64 MB); in a larger one most steps wait for memory."""


def insert_us(size: int) -> int:
    """CPU time to add one row to a graph of so many, measured with 384 dimensions (docs/scale.md)."""
    bits = size.bit_length()
    return 60 + 12 * max(0, bits - 10) + 20 * max(0, bits - CACHED_BITS)


def copy_us(size: int) -> int:
    """CPU time of a merge besides adding rows: copying, repairing and measuring a segment of so many rows."""
    return 50_000 + (4 + 2 * max(0, size.bit_length() - CACHED_BITS)) * size
