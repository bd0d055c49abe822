"""A schedule follows from its seed and from nothing else."""

from collections import Counter
from itertools import pairwise

import pytest

from freshet.drills.catalogue import DRILLS
from freshet.drills.drill import Drill
from freshet.drills.faults import Fault
from freshet.drills.schedule import drawn
from freshet.drills.soak import soak
from freshet.drills.traffic import BATCH

FAULTS = tuple(Fault("kill -9", name) for name in ("catalog", "embed", "shard"))


def test_the_same_seed_draws_the_same_on_any_machine() -> None:
    told = [(due.at_s, due.fault.process) for due in drawn(7, FAULTS, 4, (5.0, 15.0))]
    assert told == [(0.0, "shard"), (11.5, "catalog"), (17.2, "embed"), (28.0, "embed")]


def test_another_seed_draws_another() -> None:
    assert len({tuple(drawn(seed, FAULTS, 6, (5.0, 15.0))) for seed in range(20)}) == 20


def test_each_fault_comes_once_before_any_comes_again() -> None:
    due = [one.fault.process for one in drawn(1, FAULTS, 7, (5.0, 15.0))]
    assert all(set(due[at : at + 3]) == {"catalog", "embed", "shard"} for at in (0, 3))
    assert max(Counter(due).values()) == 3


def test_they_are_as_far_apart_as_they_should_be() -> None:
    at_s = [one.at_s for one in drawn(3, FAULTS, 200, (5.0, 15.0))]
    apart_s = [round(after - before, 1) for before, after in pairwise(at_s)]
    assert (at_s[0], min(apart_s) >= 5.0, max(apart_s) <= 15.0) == (0.0, True, True)


def test_without_faults_nothing_is_due() -> None:
    assert drawn(1, FAULTS, 0, (5.0, 15.0)) == drawn(1, (), 2, (5.0, 15.0)) == []


@pytest.mark.parametrize("drill", [*DRILLS.values(), soak(10)], ids=lambda drill: drill.name)
def test_every_drill_has_a_schedule_short_and_long(drill: Drill) -> None:
    for length in (drill.short, drill.long):
        due = drawn(7, drill.faults, length.faults, drill.apart_s)
        assert len(due) == (length.faults if drill.faults else 0)
        assert length.skus >= BATCH


def test_a_fault_says_what_it_does() -> None:
    assert Fault("kill -9", "shard").name == "kill -9 shard"
    assert Fault("SIGSTOP", "kafka", 13.0).name == "SIGSTOP kafka for 13 s"
