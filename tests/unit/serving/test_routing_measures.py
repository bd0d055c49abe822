"""What the router measures and what it may spend: latencies, a quantile, hedges."""

import math
import random

import pytest

from serving.hedge_budget import SAVED_MAX, HedgeBudget
from serving.peak_latency import FORGET_S, LATENCY_S_MAX, LEAST_S, PeakLatency
from serving.running_quantile import KEPT, LEAST, RunningQuantile
from tests.unit.serving.fakes import Clock


def test_a_slow_answer_counts_at_once_and_is_forgotten_slowly() -> None:
    clock = Clock()
    latency = PeakLatency(clock)
    assert latency.cost(0) == LEAST_S
    latency.answered(0.2)
    assert latency.cost(0) == 0.2
    clock.now_s += 0.01
    latency.answered(0.002)
    assert 0.19 < latency.cost(0) < 0.2, "one quick answer does not wash it white"
    clock.now_s += FORGET_S
    assert latency.cost(0) == pytest.approx(0.2 / math.e, rel=0.01)


def test_what_is_under_way_makes_it_dearer() -> None:
    latency = PeakLatency(Clock())
    assert latency.cost(3) == 4 * LEAST_S
    latency.answered(0.01)
    assert latency.cost(1) == pytest.approx(0.02)


def test_one_that_is_overtaken_again_and_again_is_taken_for_ever_slower() -> None:
    latency = PeakLatency(Clock())
    latency.answered(0.002)
    costs = []
    for _ in range(20):
        latency.lost(0.005)
        costs.append(latency.cost(0))
    assert costs[:3] == pytest.approx([0.01, 0.02, 0.04])
    assert costs[-1] == LATENCY_S_MAX


def test_the_quantile_agrees_with_sorting_the_last_ones() -> None:
    draw, quantile, times = random.Random(1), RunningQuantile(0.95), []
    for number in range(3 * KEPT):
        times.append(draw.choice([0.001, 0.002, draw.random()]))
        quantile.add(times[-1])
        last = sorted(times[-KEPT:])
        known = quantile.seconds
        if number + 1 < LEAST:
            assert known is None
        else:
            assert known == last[min(len(last) - 1, int(0.95 * len(last)))]


def test_hedges_are_a_share_of_the_requests() -> None:
    budget = HedgeBudget(0.05)
    for _ in range(int(SAVED_MAX)):
        assert budget.take()
    assert not budget.take(), "no more than what was saved"
    sent = 0
    for _ in range(10_000):
        budget.asked()
        sent += budget.take()
    assert sent == pytest.approx(500, abs=1)
    for _ in range(100_000):
        budget.asked()
    assert sum(budget.take() for _ in range(100)) == SAVED_MAX


def test_without_a_share_there_is_no_hedge() -> None:
    budget = HedgeBudget(0.0)
    budget.asked()
    assert not budget.take()
