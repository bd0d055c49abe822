"""Waits double with each death in a row, up to a limit, and a healthy minute forgives."""

import pytest

from freshet.runtime.backoff import Record, RestartPolicy, became_ready, died

POLICY = RestartPolicy(first_wait_s=0.5, wait_s_max=3.0, steady_s=10.0, healthy_s=60.0)


def test_waits_double_up_to_the_limit() -> None:
    record, waits = Record(), []
    for _ in range(5):
        record = died(record, 100.0, POLICY)
        waits.append(record.start_at_s - 100.0)
    assert waits == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert record.deaths == 5


@pytest.mark.parametrize(("ready_s", "deaths"), [(59.9, 3), (60.0, 1)])
def test_only_a_healthy_minute_forgives(ready_s: float, deaths: int) -> None:
    record = became_ready(died(died(Record(), 0.0, POLICY), 0.0, POLICY), 10.0)
    assert died(record, 10.0 + ready_s, POLICY).deaths == deaths


@pytest.mark.parametrize(("ready_s", "wait_s"), [(9.9, 2.0), (10.0, 0.5)])
def test_one_that_was_ready_for_a_while_waits_no_longer_than_at_first(ready_s: float, wait_s: float) -> None:
    """A replica that is killed every twenty seconds is back after each as quickly as after the first."""
    record = became_ready(died(died(Record(), 0.0, POLICY), 0.0, POLICY), 10.0)
    record = died(record, 10.0 + ready_s, POLICY)
    assert record.deaths == 3
    assert record.start_at_s - 10.0 - ready_s == pytest.approx(wait_s)


def test_a_child_that_was_never_ready_is_not_forgiven() -> None:
    assert died(died(Record(), 0.0, POLICY), 1_000.0, POLICY).deaths == 2
