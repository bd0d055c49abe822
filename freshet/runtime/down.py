"""`freshet down`: stops the stack of a data folder, also one whose supervisor was killed."""

import time
from collections.abc import Callable
from pathlib import Path

from freshet.running import supervisor_alive
from freshet.runtime import processes
from freshet.runtime.stack_state import StackState, read_state, write_state
from freshet.runtime.up import end_leftovers

STOP_WAIT_S = 60.0
"""Longer than any clean stop: three levels of children of at most 15 s each."""


def down(data: Path, say: Callable[[str], None]) -> int:
    """Stops everything; returns how many processes were ended, 0 when nothing ran."""
    state = read_state(data)
    if state is None:
        return 0
    if not supervisor_alive(state) or state.pid is None or state.started is None:
        ended = end_leftovers(state, say)
        if ended:
            write_state(data, StackState(state="stopped", ports=state.ports))
        return ended
    began_s = time.monotonic()
    running = 1 + sum(child.pid is not None for child in state.children)
    if processes.end(state.pid, state.started, STOP_WAIT_S):
        end_leftovers(state, say)
    say(f"stopped {running} processes in {time.monotonic() - began_s:.1f} s")
    return running
