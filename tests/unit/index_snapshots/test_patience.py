"""How long a snapshot waits for the merges under way."""

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from index_snapshots.builder import BuildFailed
from index_snapshots.calibrate import Calibration
from index_snapshots.merge import Files, Segment
from index_snapshots.pacing import build_s
from index_snapshots.parts import Store
from index_snapshots.patience import BUILD_S_MIN, WAIT_S_MAX, Patience
from index_snapshots.pending import Planned

SEGMENT = Segment(Files(Path("graph"), Path("rows"), (), ()), 1, Calibration(1, 1.0, 0))


LONG: Any = SimpleNamespace(build_s=BUILD_S_MIN)


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
    assert waiting(Event())(LONG, built) == found and not built.hurried


def test_for_all_merges_of_a_snapshot_together() -> None:
    patience = waiting(Event())
    assert patience(LONG, Slow(int(WAIT_S_MAX) - 1)) == SEGMENT
    assert patience(LONG, Slow(1)) == SEGMENT and patience(LONG, Slow(1)) is None and patience(LONG, Slow(0)) == SEGMENT


def test_not_when_the_process_ends() -> None:
    given_up = Event()
    given_up.set()
    patience = waiting(given_up)
    assert patience(LONG, Slow(1)) is None and patience(LONG, Slow(0)) == SEGMENT


def test_one_that_fails_is_gone_without() -> None:
    assert waiting(Event())(LONG, Slow(0, fails=True)) is None


def test_a_short_one_is_left_to_the_start() -> None:
    short: Any = SimpleNamespace(build_s=BUILD_S_MIN - 0.001)
    assert waiting(Event())(short, Slow(0)) is None


@pytest.mark.parametrize(("rows", "long"), [(100_000, False), (500_000, True)])
def test_what_is_long(rows: int, long: bool) -> None:
    """One that adds what came in some seconds to a base of so many rows."""
    mapped, head = (Store.__new__(Store) for _ in range(2))
    kept = (np.ones(rows, dtype=np.bool_), np.ones(1_000, dtype=np.bool_))
    planned = Planned((mapped, head), kept, grown=True, of_base=True, begun=1, due=2)
    assert planned.build_s == build_s(1_000, rows + 1_000) and (planned.build_s >= BUILD_S_MIN) is long
    anew = replace(planned, grown=False)
    assert anew.build_s == build_s(rows + 1_000, rows + 1_000)
