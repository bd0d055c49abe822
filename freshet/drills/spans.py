"""Figures of what was measured before, during and after the faults; times on the monotonic clock."""

from collections.abc import Iterable, Sequence

from bench.latency import percentile
from freshet.drills.moments import Asked, Struck, gaps

PARTS = ("before", "during", "after")


def part_of(at_s: float, struck: Sequence[Struck]) -> str:
    """During: from the first fault until all is normal after the last one. Without any fault all is before."""
    if not struck or at_s < min(one.begun_s for one in struck):
        return "before"
    return "during" if at_s <= max(one.normal_s for one in struck) else "after"


def p95s(measured: Iterable[tuple[float, float]], struck: Sequence[Struck]) -> dict[str, float | None]:
    """95th percentile by part, of (when, how long); None where nothing was measured."""
    times: dict[str, list[float]] = {part: [] for part in PARTS}
    for at_s, took_s in measured:
        times[part_of(at_s, struck)].append(took_s)
    return {part: round(percentile(times[part], 0.95), 3) if times[part] else None for part in PARTS}


def longest_gap_s(asked: Sequence[Asked]) -> float:
    return round(max((end - begin for begin, end in gaps(asked)), default=0.0), 3)
