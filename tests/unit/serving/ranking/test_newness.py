"""The age of a product follows from the log's own times, and what is older than the log tells is not new."""

from math import isclose

import pytest

from schemas.records import Order
from serving.ranking.newness import AGES_MS, DAY_MS, HOUR_MS, Calendar, newness, read_calendar

NOW_MS = 1_800_000_000_000


class Log:
    """`catalog` with an event each hour, the oldest 100 hours old, offsets 1000 to 1100."""

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        return 1000, 1101

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        hours = (NOW_MS - time_ms) // HOUR_MS
        return max(1000, min(1101, 1100 - hours))


CALENDAR = read_calendar(Log(), "catalog", 1, [0], NOW_MS)


@pytest.mark.parametrize("hours", [0, 1, 2, 4, 11, 12, 30, 47, 71, 99])
def test_ages_are_right_to_a_step_of_the_calendar(hours: int) -> None:
    [age_ms] = CALENDAR.ages_ms(0, [Order(1, 1100 - hours)], NOW_MS)
    assert age_ms is not None and abs(age_ms - hours * HOUR_MS) <= 2 * HOUR_MS + (hours > 72) * DAY_MS


@pytest.mark.parametrize("order", [Order(1, 999), Order(0, 1100), Order(2, 1100)])
def test_what_the_log_no_longer_holds_has_no_age(order: Order) -> None:
    assert [*CALENDAR.ages_ms(0, [order, None], NOW_MS)] == [None, None]
    assert [*CALENDAR.ages_ms(1, [Order(1, 1100)], NOW_MS)] == [*Calendar().ages_ms(0, [Order(1, 5)], NOW_MS)] == [None]
    assert newness(None, DAY_MS) == 0.0


def test_between_two_places_an_age_is_interpolated_and_none_is_below_zero() -> None:
    calendar = Calendar(1, {0: [(0, 1_000), (10, 2_000)]})
    ages = calendar.ages_ms(0, [Order(1, offset) for offset in (0, 5, 9, 10, 11)], 2_000)
    assert [*ages] == [1_000, 500, 100, 0, 0]


def test_newness_is_halved_in_each_half_life() -> None:
    assert [newness(days * DAY_MS, 2 * DAY_MS) for days in (0, 2, 4)] == [1.0, 0.5, 0.25]
    assert isclose(newness(max(AGES_MS), 2 * DAY_MS), 0.0884, rel_tol=0.01)
