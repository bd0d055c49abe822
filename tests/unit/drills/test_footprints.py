"""What processes and folders take is sampled by name; one that has just died leaves a gap and nothing else."""

import os
from pathlib import Path
from typing import Any

from freshet.drills.footprints import SUPERVISOR, Footprints
from freshet.drills.record import growth
from freshet.drills.slopes import SAMPLES_MIN
from freshet.runtime.stack_state import ChildState, StackState

DEAD = 2**22 + 1
"""Beyond the largest process id."""


class Stack:
    def __init__(self, data: Path) -> None:
        self.data = data
        children = [ChildState(name="shard", state="ready", pid=DEAD), ChildState(name="embed", state="backing off")]
        self._state = StackState(state="ready", pid=os.getpid(), children=children)

    def state(self) -> StackState:
        return self._state


def test_samples_of_a_living_process_and_of_folders(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "log").write_bytes(b"x" * 2_000_000)
    (tmp_path / "state.json").touch()
    stack: Any = Stack(tmp_path)
    footprints = Footprints(stack)
    for _ in range(SAMPLES_MIN):
        footprints.look()
    names = {(of, what): samples[-1].value for (of, what), samples in footprints.samples.items()}
    assert set(names) == {
        (SUPERVISOR, "memory MB"),
        (SUPERVISOR, "descriptors"),
        (SUPERVISOR, "threads"),
        ("kafka", "disk MB"),
    }
    assert names["kafka", "disk MB"] == 2.0
    assert names[SUPERVISOR, "memory MB"] > 10 and names[SUPERVISOR, "threads"] >= 1
    told = {(one.of, one.what): one for one in growth(footprints.slopes(0.0))}
    assert told["kafka", "disk MB"].verdict == "not judged"
    assert told[SUPERVISOR, "threads"].samples == SAMPLES_MIN
