"""How long events took to become searchable: a sample of the last minute, and its percentiles."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

WINDOW_S = 60.0
WINDOW_MAX = 1_000


class Percentiles(NamedTuple):
    """Seconds from an event's arrival in Kafka until searchable; None without events."""

    p50_s: float | None
    p95_s: float | None
    n: int


class FreshSample:
    """The last WINDOW_MAX measured events, as far as they are younger than WINDOW_S."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._took: deque[tuple[float, float]] = deque(maxlen=WINDOW_MAX)

    def add(self, took_s: float) -> None:
        self._took.append((self._clock(), took_s))

    def now(self) -> Percentiles:
        since_s = self._clock() - WINDOW_S
        took = [seconds for at_s, seconds in self._took if at_s >= since_s]
        return Percentiles(percentile(took, 0.5), percentile(took, 0.95), len(took))


def percentile(values: list[float], share: float) -> float | None:
    """Nearest rank; None without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
