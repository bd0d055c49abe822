"""Whether something grows: the slope of samples over several lives of a process, and how sure it is."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

HOUR_S: Final = 3600.0
SURE: Final = 1.96
"""Standard errors: 95 %."""
SAMPLES_MIN: Final = 6
GROWTH_MAX: Final = 0.10
"""Of its mean an hour: less is flat, however sure."""


Verdict = Literal["flat", "not flat", "not sure"]
SEEN_MIN: Final = {"memory MB": 8.0, "disk MB": 8.0, "descriptors": 8.0, "threads": 4.0}
"""What must have been added in the time watched before it is called growth: caches and allocators settle by that much,
and an hour made of some minutes of it says nothing."""


class Sample(NamedTuple):
    life: object
    """A process starts anew when it was killed: each life has a level of its own."""
    at_s: float
    value: float


class Slope(NamedTuple):
    """An hour's growth, in the unit of the values."""

    mean: float
    per_hour: float
    low: float
    high: float
    samples: int
    seen: float
    """Growth in the time watched, all lives together."""
    seen_min: float

    @property
    def verdict(self) -> Verdict:
        """Not flat: it surely grows, not by little, and did. Not sure: it may, and there was too little time to tell,
        or it might double within an hour."""
        if self.low > 0.0 and self.per_hour > GROWTH_MAX * self.mean:
            return "not flat" if self.seen >= self.seen_min else "not sure"
        return "flat" if self.high <= self.mean else "not sure"


def slope(samples: Iterable[Sample], warm_up_s: float, seen_min: float = 0.0) -> Slope | None:
    """Least squares with one slope and a level for each life; samples of the first `warm_up_s` of a life do not count.
    The interval takes into account that one sample resembles the one before. None: too few samples to tell.

    `seen_min`: less growth than that in the time watched is none.
    """
    lives = _warm(samples, warm_up_s)
    centred = [_centred(life) for life in lives]
    spread = sum(t * t for life in centred for t, _ in life)
    count = sum(map(len, lives))
    free = count - len(lives) - 1
    if count < SAMPLES_MIN or free < 1 or spread == 0.0:
        return None
    per_s = sum(t * y for life in centred for t, y in life) / spread
    left = [[y - per_s * t for t, y in life] for life in centred]
    variance = sum(r * r for life in left for r in life) / free
    error = SURE * math.sqrt(variance / spread * _inflation(left)) * HOUR_S
    mean = sum(one.value for life in lives for one in life) / count
    seen = per_s * sum(life[-1].at_s - life[0].at_s for life in lives)
    return Slope(mean, per_s * HOUR_S, per_s * HOUR_S - error, per_s * HOUR_S + error, count, seen, seen_min)


def _warm(samples: Iterable[Sample], warm_up_s: float) -> list[list[Sample]]:
    lives: dict[object, list[Sample]] = defaultdict(list)
    for one in samples:
        lives[one.life].append(one)
    warm = ([one for one in life if one.at_s - life[0].at_s >= warm_up_s] for life in lives.values())
    return [life for life in warm if len(life) > 1]


def _centred(life: Sequence[Sample]) -> list[tuple[float, float]]:
    t, y = (sum(column) / len(life) for column in zip(*((one.at_s, one.value) for one in life), strict=True))
    return [(one.at_s - t, one.value - y) for one in life]


def _inflation(left: Sequence[Sequence[float]]) -> float:
    """Of the variance, by the correlation of what is left with what was left before it."""
    squares = sum(r * r for life in left for r in life)
    if squares == 0.0:
        return 1.0
    alike = min(0.95, max(0.0, sum(a * b for life in left for a, b in pairwise(life)) / squares))
    return (1 + alike) / (1 - alike)
