"""Which fault is due when: drawn from a seed, so that a drill can be run again as it was."""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from freshet.drills.faults import Fault


class Due(NamedTuple):
    """A fault that is due so long after the quiet beginning; it waits longer where the one before is not over."""

    at_s: float
    fault: Fault

    def facts(self) -> dict[str, Any]:
        return {"at_s": self.at_s, "fault": self.fault.name}


def drawn(seed: int, faults: Sequence[Fault], count: int, apart_s: tuple[float, float]) -> list[Due]:
    """`count` of `faults`, so far apart as an even draw from `apart_s` says, in tenths of a second; each comes once
    before any comes again; none of none. The same seed gives the same schedule, on any machine."""
    draw, due, at_s = random.Random(seed), list[Due](), 0.0
    turn: list[Fault] = []
    for number in range(count if faults else 0):
        turn = turn or draw.sample(faults, len(faults))
        at_s = round(at_s + (draw.uniform(*apart_s) if number else 0.0), 1)
        due.append(Due(at_s, turn.pop()))
    return due
