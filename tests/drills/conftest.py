"""One real stack, as `freshet up` runs it, for the drills."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from encoders.build import repair_bundle
from freshet.runtime.stack_state import ChildState, StackState, read_state
from tests.contract.conftest import BUNDLE_FOLDER

COMMAND_S = 180


class UpStack:
    """`freshet up --detach` on a folder of its own."""

    def __init__(self, data: Path, model: Path, partitions: int, replicas: int = 1, **settings: str) -> None:
        self.data = data
        self.model = model
        self._partitions = partitions
        self._replicas = replicas
        self._settings = settings

    def start(self) -> StackState:
        port = ("--port", "0", "--partitions", str(self._partitions), "--replicas", str(self._replicas))
        return StackState.model_validate(self.freshet("up", "--detach", *port))

    def stop(self) -> None:
        self.freshet("down")

    def freshet(self, *arguments: str) -> Any:
        """Runs the command on this stack; its result as JSON says it."""
        run = self.run(*arguments)
        assert run.returncode == 0, f"freshet {' '.join(arguments)} ended with {run.returncode}:\n{run.stderr}"
        return json.loads(run.stdout)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The same, however it ends."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
        return subprocess.run(
            [sys.executable, "-m", "freshet", *arguments, "--data", str(self.data), "--json"],
            env={**clean, "FRESHET_MODEL": str(self.model), **self._settings},
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )

    def state(self) -> StackState:
        state = read_state(self.data)
        assert state is not None
        return state

    def child(self, name: str) -> ChildState:
        (found,) = (child for child in self.state().children if child.name == name)
        return found

    def send_signal(self, name: str, number: signal.Signals) -> None:
        pid = self.child(name).pid
        assert pid is not None, f"{name} is not running"
        os.kill(pid, number)


@pytest.fixture
def up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UpStack]:
    """Started with as many partitions as the test's parameter says (one by default)."""
    made = UpStack(tmp_path / "data", repair_bundle(BUNDLE_FOLDER), getattr(request, "param", 1))
    try:
        yield made
    finally:
        made.stop()
