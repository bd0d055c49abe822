"""What grows is told from what does not, over several lives of a process."""

import random

import pytest

from freshet.drills.slopes import GROWTH_MAX, HOUR_S, SAMPLES_MIN, Sample, slope


def life(name: object, level: float, per_hour: float, count: int = 60, noise: float = 1.0) -> list[Sample]:
    draw = random.Random(str(name))
    return [Sample(name, at * 5.0, level + per_hour * at * 5.0 / HOUR_S + draw.gauss(0, noise)) for at in range(count)]


def test_a_leak_is_seen_through_restarts() -> None:
    found = slope([*life("first", 100.0, 120.0), *life("second", 140.0, 120.0)], 0.0)
    assert found is not None
    assert (found.samples, found.verdict) == (120, "not flat")
    assert found.low < 120.0 < found.high


def test_lives_of_other_levels_do_not_grow() -> None:
    found = slope([*life("first", 100.0, 0.0), *life("second", 160.0, 0.0)], 0.0)
    assert found is not None and found.verdict == "flat"


def test_the_warm_up_of_each_life_does_not_count() -> None:
    warm = [Sample(1, at * 5.0, min(100.0, 10.0 * at)) for at in range(60)]
    cold, later = slope(warm, 0.0), slope(warm, 60.0)
    assert cold is not None and later is not None
    assert cold.per_hour > 500
    assert later.per_hour == pytest.approx(0.0)
    assert later.verdict == "flat"


def test_growth_of_little_is_flat_however_sure() -> None:
    for share, verdict in ((0.99, "flat"), (1.01, "not flat")):
        grows = [
            Sample(1, at * 5.0, 1000.0 + share * GROWTH_MAX * 1000.0 * (at - 30) * 5.0 / HOUR_S) for at in range(61)
        ]
        found = slope(grows, 0.0)
        assert found is not None and found.verdict == verdict


def test_samples_that_resemble_each_other_make_less_sure() -> None:
    draw, level, drift = random.Random(1), 0.0, list[float]()
    for _ in range(200):
        level = 0.9 * level + draw.gauss(0, 1)
        drift.append(level)
    ordered = slope([Sample(1, at * 5.0, 100 + value) for at, value in enumerate(drift)], 0.0)
    draw.shuffle(drift)
    mixed = slope([Sample(1, at * 5.0, 100 + value) for at, value in enumerate(drift)], 0.0)
    assert ordered is not None and mixed is not None
    assert ordered.high - ordered.low > 2 * (mixed.high - mixed.low)


def test_what_might_double_within_an_hour_is_not_sure() -> None:
    found = slope(life(1, 10.0, 0.0, 8, noise=5.0), 0.0)
    assert found is not None
    assert found.low < 0.0 and found.high > found.mean and found.verdict == "not sure"


def test_too_few_samples_tell_nothing() -> None:
    assert slope(life(1, 100.0, 0.0, SAMPLES_MIN - 1), 0.0) is None
    assert slope(life(1, 100.0, 0.0, SAMPLES_MIN), 0.0) is not None
    assert slope([], 0.0) is None


def test_what_never_changes_is_flat_for_sure() -> None:
    found = slope(life(1, 12.0, 0.0, noise=0.0), 0.0)
    assert found == (12.0, 0.0, 0.0, 0.0, 60, 0.0, 0.0) and found.verdict == "flat"


def test_what_was_added_in_the_time_watched_is_told_and_too_little_of_it_is_no_growth() -> None:
    lives = [*life("first", 100.0, 120.0, noise=0.0), *life("second", 140.0, 120.0, noise=0.0)]
    seen = 120.0 * 2 * 59 * 5.0 / HOUR_S
    for seen_min, verdict in ((seen - 0.1, "not flat"), (seen + 0.1, "not sure")):
        found = slope(lives, 0.0, seen_min)
        assert found is not None and found.seen == pytest.approx(seen) and found.verdict == verdict
