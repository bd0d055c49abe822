"""What was measured is told apart by the faults: before, during and after them; and the longest gap is found."""

from freshet.drills.moments import Asked, Found, Struck
from freshet.drills.spans import longest_gap_s, p95s, part_of

STRUCK = [Struck("kill -9 shard", 10.0, 10.0, 12.0), Struck("kill -9 shard", 20.0, 23.0, 25.0)]


def test_during_is_from_the_first_fault_until_all_is_normal_again() -> None:
    parts = [part_of(at_s, STRUCK) for at_s in (9.9, 10.0, 15.0, 25.0, 25.1)]
    assert parts == ["before", "during", "during", "during", "after"]
    assert part_of(1e9, []) == "before"


def test_percentiles_by_part() -> None:
    measured = [(1.0, 0.1), *((11.0, number / 100) for number in range(1, 101))]
    assert p95s(measured, STRUCK) == {"before": 0.1, "during": 0.95, "after": None}


def test_the_longest_gap_is_between_whole_answers_and_at_the_edges() -> None:
    asked = [Asked(0.0, 0.5, True), Asked(1.0, 1.5, False), Asked(2.0, 4.0, True), Asked(3.0, 3.1, True)]
    assert longest_gap_s(asked) == 2.6
    assert longest_gap_s([*asked, Asked(9.0, 9.1, False)]) == 5.0, "it was asked, and no whole answer came"
    assert longest_gap_s([Asked(0.0, 0.1, False), Asked(7.0, 7.1, False)]) == 7.0
    assert longest_gap_s([]) == 0.0


def test_a_change_waits_from_its_acknowledgement() -> None:
    assert Found(1.0, 1.5).wait_s == 0.5
