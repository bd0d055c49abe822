"""Progress is told every two seconds, with what is left if it goes on like this."""

from index_snapshots.progress import TELL_S, now_and_then


def test_it_is_told_at_the_time_between_two_lines_and_not_before() -> None:
    now_s, told = 100.0, list[tuple[int, int, float]]()
    progress = now_and_then(lambda *what: told.append(what), lambda: now_s)
    progress(10, 100)
    now_s += TELL_S - 0.5
    progress(20, 100)
    assert told == []
    now_s += 0.5
    progress(25, 100)
    progress(50, 100)
    assert told == [(25, 100, 3 * TELL_S)]
    now_s += TELL_S
    progress(0, 100)
    assert told[1][:2] == (0, 100), "nothing done yet is no error"
