"""How long a snapshot waits for the merges under way."""

import threading
from pathlib import Path

import pytest

from index_snapshots.builder import BuildFailed
from index_snapshots.calibrate import Calibration
from index_snapshots.merge import Files, Segment
from index_snapshots.patience import WAIT_S_MAX, Patience

SEGMENT = Segment(Files(Path("graph"), Path("rows"), (), ()), 1, Calibration(1, 1.0, 0))


class Slow:
    """Is done when it has been looked at so often."""

    def __init__(self, looks: int, *, fails: bool = False) -> None:
        self.looks, self.hurried, self._fails = looks, False, fails

    @property
    def done(self) -> bool:
        self.looks -= 1
        return self.looks < 0

    def hurry(self) -> None:
        self.hurried = True

    def result(self) -> Segment:
        if self._fails:
            raise BuildFailed("no memory")
        return SEGMENT


class Event(threading.Event):
    """Time passes while it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 100.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now_s += 1
        return self.is_set()


def waiting(given_up: Event) -> Patience:
    return Patience(given_up, lambda: given_up.now_s)


@pytest.mark.parametrize(("seconds", "found"), [(0, SEGMENT), (int(WAIT_S_MAX), SEGMENT), (int(WAIT_S_MAX) + 1, None)])
def test_so_long_at_most(seconds: int, found: Segment | None) -> None:
    built = Slow(seconds)
    assert waiting(Event())(built) == found and not built.hurried


def test_for_all_merges_of_a_snapshot_together() -> None:
    patience = waiting(Event())
    assert patience(Slow(int(WAIT_S_MAX) - 1)) == SEGMENT
    assert patience(Slow(1)) == SEGMENT and patience(Slow(1)) is None and patience(Slow(0)) == SEGMENT


def test_not_when_the_process_ends() -> None:
    given_up = Event()
    given_up.set()
    patience = waiting(given_up)
    assert patience(Slow(1)) is None and patience(Slow(0)) == SEGMENT


def test_one_that_fails_is_gone_without() -> None:
    assert waiting(Event())(Slow(0, fails=True)) is None
