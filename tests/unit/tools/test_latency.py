"""Percentiles by nearest rank."""

import math

import pytest

from bench.latency import percentile, summary


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.951, 96), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_nearest_rank(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_nothing_measured_is_not_zero() -> None:
    assert math.isnan(percentile([], 0.5))
    assert summary([]) == {"count": 0, "p50": None, "p95": None, "p99": None, "max": None}


def test_summary() -> None:
    assert summary([1.04, 2.0, 10.0]) == {"count": 3, "p50": 2.0, "p95": 10.0, "p99": 10.0, "max": 10.0}
