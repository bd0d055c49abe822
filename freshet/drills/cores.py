"""What a stack under load takes of the cores, and what is left of them: says what a small machine can carry."""

import time
from typing import Any

import psutil

from freshet.drills.up_stack import UpStack

IDLE = ("idle", "iowait", "guest", "guest_nice")
"""Time that nobody spent, or that is counted elsewhere too."""


class Cores:
    """From the moment it is made."""

    def __init__(self, up: UpStack) -> None:
        self._up = up
        self._began_s = time.monotonic()
        self._spent_before_s = self._spent_s()

    def taken(self) -> dict[str, float]:
        """Cores on average: of the stack, those of its processes that died included; of this process and those that it
        waited for; of others on the machine, which are missing for the drill; and how many there are."""
        took_s = time.monotonic() - self._began_s
        stack_s, client_s, machine_s = (
            now - then for now, then in zip(self._spent_s(), self._spent_before_s, strict=True)
        )
        return {
            "stack": round(stack_s / took_s, 2),
            "client": round(client_s / took_s, 2),
            "others": round((machine_s - stack_s - client_s) / took_s, 2),
            "of": psutil.cpu_count() or 1,
        }

    def _spent_s(self) -> tuple[float, float, float]:
        """Of the stack, of this process, of the whole machine."""
        supervisor, this = psutil.Process(self._up.state().pid), psutil.Process()
        stack_s = _ended_s(supervisor) + sum(map(_own_s, [supervisor, *supervisor.children(recursive=True)]))
        machine = psutil.cpu_times()._asdict()
        busy_s = sum(spent_s for kind, spent_s in machine.items() if kind not in IDLE)
        return stack_s, _own_s(this) + _ended_s(this), busy_s


def _ended_s(process: Any) -> float:
    """Of its children that ended."""
    times = process.cpu_times()
    return float(times.children_user + times.children_system)


def _own_s(process: Any) -> float:
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.NoSuchProcess:
        return 0.0  # it is in what has ended
