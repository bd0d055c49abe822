"""The importer's pace, on a simulated pipeline that drains at a given rate."""

from collections.abc import Callable

import pytest

from freshet.imports.pacing import PER_S_MAX, START_PER_S, TARGET_SHARE, Pace

LAG_S = 20.0


def simulate(pace: Pace, drain_per_s: Callable[[float], float], seconds: int) -> list[tuple[float, float, int]]:
    """One look a second; everything allowed is sent at once. Gives (time, queued seconds of work, sent in all)."""
    queued, sent = 0.0, 0
    seen = []
    for second in range(seconds):
        pace.observe(float(second), sent, int(queued))
        room = pace.room()
        pace.take(room)
        sent += room
        queued += room
        seen.append((float(second), queued / drain_per_s(second), sent))
        queued = max(0.0, queued - drain_per_s(second))
    return seen


@pytest.mark.parametrize("drain_per_s", [20.0, 60.0, 270.0, 1500.0])
def test_a_steady_pipeline_is_kept_busy_and_never_behind_the_allowed_lag(drain_per_s: float) -> None:
    seen = simulate(Pace(LAG_S), lambda _: drain_per_s, 120)
    assert max(work_s for at_s, work_s, _ in seen if at_s > 5) <= LAG_S
    assert min(work_s for at_s, work_s, _ in seen if at_s > 30) > 1.0
    assert seen[-1][2] >= 0.9 * drain_per_s * 115


def test_the_first_burst_is_what_an_unknown_machine_can_take() -> None:
    pace = Pace(LAG_S)
    assert pace.room() == 0
    pace.observe(0.0, 0, 0)
    assert pace.room() == int(START_PER_S * LAG_S * TARGET_SHARE)


def test_a_queue_made_by_others_leaves_no_room() -> None:
    pace = Pace(LAG_S)
    pace.observe(0.0, 0, 1_000_000)
    assert pace.room() == 0


def test_a_pipeline_that_slows_down_is_back_within_the_lag() -> None:
    seen = simulate(Pace(LAG_S), lambda at_s: 400.0 if at_s < 40 else 100.0, 120)
    assert all(work_s <= LAG_S for at_s, work_s, _ in seen if at_s < 40 or at_s > 80)


def test_a_starved_pipeline_gets_more_up_to_the_limit() -> None:
    pace = Pace(LAG_S)
    for second in range(30):
        pace.observe(float(second), second * 10, 0)
    assert pace.per_s == PER_S_MAX


def test_a_stalled_pipeline_gets_nothing() -> None:
    pace = Pace(LAG_S)
    for second in range(10):
        pace.observe(float(second), 500, 500)
    assert pace.room() == 0


def test_a_second_look_at_the_same_time_changes_nothing() -> None:
    pace = Pace(LAG_S)
    pace.observe(1.0, 0, 0)
    pace.take(100)
    before = pace.room()
    pace.observe(1.0, 0, 0)
    assert pace.room() == before
