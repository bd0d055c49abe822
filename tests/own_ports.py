"""Ports for a stack that `freshet up` starts: by itself it draws from all, where a stack of another pytest process
that starts at that moment has drawn the same, and neither of them listens yet."""

from pathlib import Path

from freshet.runtime.stack import choose_ports
from freshet.runtime.stack_state import StackState, write_state
from schemas.settings import UpSettings


def remember_own_ports(data: Path, replicas: int = 1) -> None:
    """The stack of the folder has never run; it takes these ports as those that it had."""
    data.mkdir(parents=True, exist_ok=True)
    write_state(data, StackState(state="stopped", ports=choose_ports(UpSettings(port=0, replicas=replicas), {})))
