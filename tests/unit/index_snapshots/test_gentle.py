"""Work that gives way to searches."""

import threading
import time

import pytest

from index_snapshots.gentle import SLEEP_S_MIN, Gently


class Sleeps(threading.Event):
    """Notes how long it would have been waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.slept_s: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.slept_s.append(timeout or 0.0)
        return False


def work(seconds: float) -> None:
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_it_sleeps_as_long_as_its_share_says(share: float) -> None:
    sleeps = Sleeps()
    rest = Gently(sleeps, lambda: share)
    work(0.005)
    rest()
    (slept_s,) = sleeps.slept_s
    assert slept_s >= 0.005 * (1 / share - 1)


def test_small_pieces_are_added_up() -> None:
    sleeps = Sleeps()
    rest = Gently(sleeps, lambda: 0.5)
    rest()
    assert sleeps.slept_s == []
    for _ in range(100):
        work(SLEEP_S_MIN / 10)
        rest()
    assert 0 < len(sleeps.slept_s) < 100 and min(sleeps.slept_s) >= SLEEP_S_MIN


def test_in_a_hurry_it_works_on() -> None:
    hurried = threading.Event()
    hurried.set()
    rest = Gently(hurried, lambda: 1e-9)
    work(0.003)
    rest()  # would sleep for a month
