"""Does what the schedule says to a stack under load, and finds out when all was as before."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Final

from freshet.drills.moments import Found, Struck
from freshet.drills.patience import LIMIT_S, wait_until
from freshet.drills.schedule import Due
from freshet.drills.stage import Stage

FRESH_S: Final = 1.0
"""Normal again: a change made after the fault is found within this, or within twice the median before all faults."""


class Nemesis:
    """`found`: the changes that the storefront was shown, growing; none need be there before `follow`."""

    def __init__(self, stage: Stage, found: Sequence[Found], say: Callable[[str], None]) -> None:
        self._stage = stage
        self._up = stage.up
        self._found = found
        self._say = say
        self._over: list[tuple[str, float, float]] = []
        """What was done, from when until when."""
        self._pid = 0
        """Of the process that was struck last, before that."""
        self._fresh_s = FRESH_S

    def follow(self, schedule: Sequence[Due], waits: bool) -> None:
        """Returns when all is normal after the last one. Raises NotInTime."""
        begun_s = time.monotonic()
        self._fresh_s = max(FRESH_S, 2 * statistics.median(one.wait_s for one in self._found))
        for due in schedule:
            time.sleep(max(0.0, begun_s + due.at_s - time.monotonic()))
            self._strike(due)
            if waits:
                self._wait(due)
        if schedule and not waits:
            self._wait(schedule[-1])

    def _strike(self, due: Due) -> None:
        fault = due.fault
        self._pid = wait_until(lambda: self._up.child(fault.process).pid, LIMIT_S, f"{fault.process} runs")
        self._say(fault.name)
        began_s = time.monotonic()
        try:
            fault.strike(self._stage)
        finally:  # one that found something wrong was there, too
            self._over.append((fault.name, began_s, time.monotonic()))

    def _wait(self, due: Due) -> None:
        over_s = self._over[-1][2]

        def again() -> bool:
            if due.fault.ends_process and self._up.child(due.fault.process).pid == self._pid:
                return False
            ready = all(one.state in ("ready", "done") for one in self._up.state().children)
            return ready and self._normal_s(over_s) is not None

        wait_until(again, LIMIT_S, f"all is as before after {due.fault.name}")

    def _normal_s(self, over_s: float) -> float | None:
        times = [one.found_s for one in list(self._found) if one.acked_s > over_s and one.wait_s < self._fresh_s]
        return min(times, default=None)

    def struck(self) -> list[Struck]:
        """All faults so far; one after which nothing became normal lasts until now."""
        now_s = time.monotonic()
        return [Struck(name, began_s, over_s, self._normal_s(over_s) or now_s) for name, began_s, over_s in self._over]
