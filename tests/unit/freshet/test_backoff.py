"""Waits double with each death in a row, up to a limit, and a healthy minute forgives."""

import pytest

from freshet.runtime.backoff import Record, RestartPolicy, became_ready, died

POLICY = RestartPolicy(first_wait_s=0.5, wait_s_max=3.0, healthy_s=60.0)


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


def test_a_child_that_was_never_ready_is_not_forgiven() -> None:
    assert died(died(Record(), 0.0, POLICY), 1_000.0, POLICY).deaths == 2
