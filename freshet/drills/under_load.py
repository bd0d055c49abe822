"""The part of a drill in which things break: traffic, faults when they are due, and what was measured meanwhile."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from freshet.drills.cores import Cores
from freshet.drills.drill import Drill, Length
from freshet.drills.footprints import Footprints
from freshet.drills.moments import Struck
from freshet.drills.nemesis import Nemesis
from freshet.drills.patience import LIMIT_S, wait_until
from freshet.drills.record import Growth, growth
from freshet.drills.schedule import Due
from freshet.drills.stage import Stage
from freshet.drills.traffic import Traffic
from freshet.drills.up_stack import UpStack
from schemas.errors import FreshetError

Say = Callable[[str], None]
WARM_UP_S_MAX = 60.0
WARM_UP_SHARE = 0.25
"""Of the load, where that is less."""


@dataclass(frozen=True)
class Loaded:
    traffic: Traffic
    begun_s: float
    """Monotonic."""
    took_s: float
    struck: Sequence[Struck]
    dead_letters: int
    """Events among those of the faults that must be refused."""
    late: Sequence[str]
    """What did not come in time, or failed."""
    notes: list[dict[str, Any]]
    """Figures that the faults took themselves."""
    growth: Sequence[Growth]
    cores: dict[str, float]


def under_load(
    drill: Drill, length: Length, schedule: Sequence[Due], traffic: Traffic, up: UpStack, say: Say
) -> Loaded:
    cores, footprints, begun_s = Cores(up), Footprints(up), time.monotonic()
    stage, late = Stage(up, traffic.merchant, traffic.seed, []), list[str]()
    nemesis = Nemesis(stage, traffic.front.found, say)
    try:
        with footprints.watched() if drill.watched else nullcontext(), traffic.on():
            wait_until(lambda: traffic.front.found, LIMIT_S, "the first change is found")
            time.sleep(length.quiet_s)
            nemesis.follow(schedule, drill.waits)
            time.sleep(length.quiet_s)
    except FreshetError as error:
        late.append(error.message)
    took_s, struck = time.monotonic() - begun_s, nemesis.struck()
    return Loaded(
        traffic=traffic,
        begun_s=begun_s,
        took_s=took_s,
        struck=struck,
        dead_letters=sum(due.fault.dead_letters for due in schedule[: len(struck)]),
        late=late,
        notes=stage.notes,
        growth=growth(footprints.slopes(min(WARM_UP_S_MAX, WARM_UP_SHARE * took_s))),
        cores=cores.taken(),
    )
