"""Sums up measured times: nearest-rank percentiles, no interpolation between what was seen."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank: the smallest value that at least `share` (0..1] of the values do not exceed. NaN when empty."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summary(values: Sequence[float], digits: int = 1) -> dict[str, float | int | None]:
    """count, p50, p95, p99, max in the unit of the values; None where nothing was measured."""
    if not values:
        return {"count": 0, "p50": None, "p95": None, "p99": None, "max": None}
    figures = {name: round(percentile(values, share), digits) for name, share in SHARES.items()}
    return {"count": len(values), **figures}


SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
