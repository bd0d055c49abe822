"""What was asked of an index before is not worked out again, as long as there is room to keep it."""

from index_snapshots.answers_kept import AnswersKept


def test_an_answer_is_worked_out_once() -> None:
    kept: AnswersKept[int] = AnswersKept()
    assert [kept.get("lamp", lambda: 3), kept.get("lamp", lambda: 4)] == [3, 3]


def test_none_and_nothing_are_answers_too() -> None:
    kept: AnswersKept[list[str]] = AnswersKept()
    assert [kept.get("lamp", list), kept.get("lamp", lambda: ["lamps"])] == [[], []]


def test_what_there_is_no_room_for_is_worked_out_each_time() -> None:
    kept: AnswersKept[int] = AnswersKept(1)
    kept.get("lamp", lambda: 1)
    assert [kept.get("chair", lambda: 2), kept.get("chair", lambda: 3), kept.get("lamp", lambda: 4)] == [2, 3, 1]
