"""Which snapshots stay."""

from index_snapshots.retention import HORIZON_MS, Aged, kept

NOW_MS = 10 * HORIZON_MS


def aged(*ages_ms: int, bad: str = "") -> list[Aged]:
    """Named a, b, c ... from the newest on."""
    names = "abcdefgh"
    return [Aged(names[at], NOW_MS - age, names[at] not in bad) for at, age in enumerate(ages_ms)]


def test_the_newest_good_ones_stay() -> None:
    assert list(kept(aged(1, 2, 3, 4), 2, NOW_MS)) == ["a", "b"]
    assert list(kept(aged(1, 2, 3, 4, bad="ac"), 2, NOW_MS)) == ["b", "d"]
    assert list(kept(aged(1), 2, NOW_MS)) == ["a"]
    assert kept([], 2, NOW_MS) == {}


def test_the_newest_from_before_the_horizon_stays() -> None:
    ages = (1, 2, HORIZON_MS - 1, HORIZON_MS, HORIZON_MS + 1)
    found = kept(aged(*ages), 1, NOW_MS)
    assert list(found) == ["a", "d"] and "horizon" in found["d"]
    assert list(kept(aged(*ages, bad="d"), 1, NOW_MS)) == ["a", "e"], "a damaged one cannot be what a replay needs"
    assert list(kept(aged(HORIZON_MS + 1, HORIZON_MS + 2), 1, NOW_MS)) == ["a"], "it is the newest already"


def test_without_a_good_one_all_stay() -> None:
    assert list(kept(aged(1, 2, HORIZON_MS, bad="abc"), 1, NOW_MS)) == ["a", "b", "c"]
