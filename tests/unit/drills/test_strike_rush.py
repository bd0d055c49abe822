"""What is wrong with the answers of a rush is said, and nothing when nothing is."""

from typing import Any

import pytest

from freshet.drills.rush import Rush
from freshet.drills.rush_line import Lines
from freshet.drills.strike_rush import RECOVERED_S_MAX, REFUSED_S_MAX, broken, not_recovered

GOOD = {"good_per_s": 80.0, "other": 0, "without_retry_after": 0, "refused_p99_s": REFUSED_S_MAX}
LATER = {"other": 0, "last_bad_after_s": RECOVERED_S_MAX - 0.1}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"good_per_s": 79.0}, "79% of what can be done was done in time"),
        ({"other": 1}, "1 were neither answered nor refused"),
        ({"without_retry_after": 2}, "2 were not told when to come again"),
        ({"refused_p99_s": 0.06}, "refusals took 0.06 s (p99)"),
    ],
)
def test_what_is_wrong_with_a_rush(bad: dict[str, Any], said: str) -> None:
    assert broken(GOOD, 100.0) == []
    assert broken(GOOD | bad, 100.0) == [said]


def test_what_is_wrong_after_it() -> None:
    assert not_recovered(LATER) == []
    assert not_recovered(LATER | {"last_bad_after_s": 10.0}) == ["not all was well 10 s after it"]
    assert not_recovered(LATER | {"other": 1}) == ["1 after it were neither answered nor refused"]


def test_only_whole_answers_in_time_count() -> None:
    told = Rush(Lines("", 0), answered=[(0.0, 0.1, True), (1.0, 0.6, True), (2.0, 0.1, False)])
    seen = told.figures(0.0, 2.0)
    assert (seen["good_per_s"], seen["late_or_partial"], seen["last_bad_after_s"]) == (0.5, 2, 2.0)
