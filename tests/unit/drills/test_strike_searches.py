"""Of nasty searches those are found that were neither answered nor refused, or too late."""

from unittest.mock import Mock

import pytest

from freshet.drills.nasty import Nasty
from freshet.drills.stage import Stage
from freshet.drills.strike_searches import ANSWER_S_MAX, AT_ONCE, Answered, nasty, wrong

TAKEN, REFUSED = Nasty("emoji", b"{}", True), Nasty("no JSON", b"{", False)


@pytest.mark.parametrize(
    ("asked", "status", "took_s", "is_wrong"),
    [
        (TAKEN, 200, 0.1, False),
        (TAKEN, 200, ANSWER_S_MAX, False),
        (TAKEN, 200, ANSWER_S_MAX + 0.01, True),
        (TAKEN, 400, 0.1, True),
        (REFUSED, 400, 0.1, False),
        (REFUSED, 413, 0.1, False),
        (REFUSED, 500, 0.1, True),
        (REFUSED, 0, 0.1, True),
    ],
)
def test_what_is_wrong_with_an_answer(asked: Nasty, status: int, took_s: float, is_wrong: bool) -> None:
    one = Answered(asked, status, None, took_s)
    assert wrong([one]) == ([one] if is_wrong else [])


def test_each_time_others_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[bytes]()

    def answer(method: str, url: str, body: bytes) -> tuple[int, None]:
        asked.append(body)
        return 200, None

    monkeypatch.setattr("freshet.drills.strike_searches.http", answer)
    monkeypatch.setattr("freshet.drills.strike_searches.wrong", lambda seen: [])
    up = Mock(**{"state.return_value": Mock(url="http://shop")})
    stage = Stage(up, Mock(), 7, [])
    nasty(stage, "serving", 0.001)
    first = asked.copy()
    nasty(stage, "serving", 0.001)
    assert len(stage.notes) == 2
    assert asked[len(first) : len(first) + AT_ONCE] != first[:AT_ONCE]
