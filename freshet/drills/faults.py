"""The faults a drill can do to a running stack: who is struck, how, and for how long."""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from freshet.drills.up_stack import UpStack

How = Literal["kill -9", "SIGSTOP"]
Strike = Callable[[UpStack, str, float], None]
"""(stack, process, seconds); returns when the fault itself is over."""


@dataclass(frozen=True)
class Fault:
    how: How
    process: str
    lasts_s: float = 0.0
    """0: over at once."""

    @property
    def name(self) -> str:
        return f"{self.how} {self.process}" + (f" for {self.lasts_s:g} s" if self.lasts_s else "")

    @property
    def ends_process(self) -> bool:
        """Whether the supervisor has to start it again."""
        return self.how == "kill -9"

    def strike(self, up: UpStack) -> None:
        STRIKES[self.how](up, self.process, self.lasts_s)


def _kill(up: UpStack, process: str, lasts_s: float) -> None:
    up.send_signal(process, signal.SIGKILL)


def _stop(up: UpStack, process: str, lasts_s: float) -> None:
    up.send_signal(process, signal.SIGSTOP)
    try:
        time.sleep(lasts_s)
    finally:
        up.send_signal(process, signal.SIGCONT)


STRIKES: Final[Mapping[How, Strike]] = {"kill -9": _kill, "SIGSTOP": _stop}
