"""The test-only switch of the fault drills: FRESHET_FAULT makes a worker die or raise at a named point.

`kill:catalog.3:2` sends SIGKILL to itself the second time it reaches step 3 of `catalog`, `stop:...` sends SIGSTOP;
`raise:catalog:100` raises in every hundredth call of the handler; `flip:body:3` changes a bit of what a shard holds
when it has applied its third batch (`agents/flips.py`); `skip:owner:1` turns the guard `owner` off, so that a test of
it can be seen to fail. Several are separated by commas. Empty: nothing.
"""

import os
import signal
from collections import Counter
from typing import NamedTuple

from schemas.errors import SettingsError

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Fault(NamedTuple):
    kind: str
    point: str
    nth: int


class Faults:
    """Counts how often each point is reached and acts where it was told to."""

    def __init__(self, spec: str = "") -> None:
        self._faults = [_parse(part) for part in spec.split(",") if part]
        self._reached: Counter[str] = Counter()

    def step(self, point: str) -> None:
        """A numbered step, such as `catalog.3`, was reached."""
        if not self._faults:
            return
        self._reached[point] += 1
        for kind, number in SIGNALS.items():
            if Fault(kind, point, self._reached[point]) in self._faults:
                os.kill(os.getpid(), number)

    def handler(self, point: str) -> None:
        """A handler is called for one event. Raises RuntimeError at every nth call."""
        if not self._faults:
            return
        self._reached[point] += 1
        for fault in self._faults:
            if fault.kind == "raise" and fault.point == point and self._reached[point] % fault.nth == 0:
                raise RuntimeError(f"fault drill: call {self._reached[point]} of {point}")

    def skips(self, guard: str) -> bool:
        """Whether a guard is turned off: `owner` (one process on a folder), `catch-up` (no answer before the end),
        `whole` and `offsets` (of snapshots, see `index_snapshots.guards`)."""
        return any(fault.kind == "skip" and fault.point == guard for fault in self._faults)

    def flips(self) -> list[str]:
        """A batch was applied: the places in which a bit is to be changed now."""
        self._reached["flip"] += 1
        return [fault.point for fault in self._faults if fault.kind == "flip" and fault.nth == self._reached["flip"]]


def _parse(text: str) -> Fault:
    parts = text.split(":")
    if (
        len(parts) != 3
        or parts[0] not in (*SIGNALS, "raise", "flip", "skip")
        or not parts[2].isdigit()
        or int(parts[2]) < 1
    ):
        raise SettingsError(
            f"FRESHET_FAULT: {text!r} is not kill:POINT:N, stop:POINT:N, raise:POINT:N, flip:PLACE:N or skip:GUARD:1"
        )
    return Fault(parts[0], parts[1], int(parts[2]))
