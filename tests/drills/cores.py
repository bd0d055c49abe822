"""What a stack under load takes of the cores, and what is left of them: says what a small machine can carry."""

import time
from typing import Any

import psutil

from tests.drills.conftest import UpStack

IDLE = ("idle", "iowait", "guest", "guest_nice")
"""Time that nobody spent, or that is counted elsewhere too."""


class Cores:
    """From the moment it is made."""

    def __init__(self, up: UpStack) -> None:
        self._up = up
        self._began_s = time.monotonic()
        self._stack_s, self._client_s, self._machine_s = self._spent_s()

    def taken(self) -> dict[str, float]:
        """Cores on average: of the stack, those of its processes that died included; of this process; of the whole
        machine; and how many there are."""
        took_s = time.monotonic() - self._began_s
        stack_s, client_s, machine_s = self._spent_s()
        return {
            "stack": round((stack_s - self._stack_s) / took_s, 2),
            "client": round((client_s - self._client_s) / took_s, 2),
            "machine": round((machine_s - self._machine_s) / took_s, 2),
            "of": psutil.cpu_count() or 1,
        }

    def _spent_s(self) -> tuple[float, float, float]:
        supervisor = psutil.Process(self._up.state().pid)
        ended = supervisor.cpu_times()
        stack_s = ended.children_user + ended.children_system
        for process in [supervisor, *supervisor.children(recursive=True)]:
            stack_s += _own_s(process)
        machine = psutil.cpu_times()._asdict()
        busy_s = sum(spent_s for kind, spent_s in machine.items() if kind not in IDLE)
        return stack_s, _own_s(psutil.Process()), busy_s


def _own_s(process: Any) -> float:
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.NoSuchProcess:
        return 0.0  # it is in what has ended
