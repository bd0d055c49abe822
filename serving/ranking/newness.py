"""How new a product is: its age by the log's own times, and what that counts."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Protocol

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
AGES_MS: Final = (*(days * DAY_MS for days in (7, 6, 5, 4, 3, 2, 1)), 12 * HOUR_MS, 4 * HOUR_MS, HOUR_MS)
"""Ages whose places in `catalog` are looked up; between them an age is interpolated. `catalog` is kept for 7 days."""
Point = tuple[int, int]
"""An offset of `catalog`, and when it was written at the earliest, ms since 1970."""


class TimedLog(Protocol):
    def begin_end(self, topic: str, partition: int) -> tuple[int, int]: ...

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int: ...


@dataclass(frozen=True)
class Calendar:
    """When the events of `catalog` were written."""

    generation: int = 1
    points: Mapping[int, Sequence[Point]] = field(default_factory=dict)
    """By partition, ascending."""

    @cached_property
    def _offsets(self) -> Mapping[int, Sequence[int]]:
        return {partition: [offset for offset, _ in points] for partition, points in self.points.items()}

    def ages_ms(self, partition: int, orders: Iterable[tuple[int, int] | None], now_ms: int) -> Iterator[int | None]:
        """Of events, by their orders (generation, offset); None: older than the log tells, or not known."""
        points, offsets = self.points.get(partition, ()), self._offsets.get(partition, ())
        for order in orders:
            at = bisect_right(offsets, order[1]) if order and order[0] == self.generation else 0
            if not order or not at:
                yield None
                continue
            offset, written_ms = points[at - 1]
            if at < len(points):
                next_offset, next_ms = points[at]
                written_ms += (next_ms - written_ms) * (order[1] - offset) // (next_offset - offset)
            yield max(0, now_ms - written_ms)


def read_calendar(log: TimedLog, topic: str, generation: int, partitions: Sequence[int], now_ms: int) -> Calendar:
    """Blocking, some ms. Raises Unavailable."""
    points = {}
    for partition in partitions:
        by_offset = {log.offset_at(topic, partition, now_ms - age_ms): now_ms - age_ms for age_ms in AGES_MS}
        by_offset[log.begin_end(topic, partition)[1]] = now_ms
        points[partition] = sorted(by_offset.items())
    return Calendar(generation, points)


def newness(age_ms: int | None, half_life_ms: float) -> float:
    """1: now; halved in each half-life; 0: age not known."""
    return 0.0 if age_ms is None else float(0.5 ** (age_ms / half_life_ms))
