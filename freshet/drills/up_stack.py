"""One real stack, as `freshet up` runs it, on a folder of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freshet.runtime import processes
from freshet.runtime.stack_state import ChildState, StackState, read_state
from schemas.errors import FreshetError

COMMAND_S = 180.0


class UpStack:
    """`freshet up --detach`, and the other commands on its folder."""

    def __init__(self, data: Path, model: Path, partitions: int, replicas: int = 1, **settings: str) -> None:
        """`settings`: FRESHET_... variables. The caller's own are not passed on."""
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

    def stop_all(self) -> list[str]:
        """The same; names of processes that live on."""
        before = self.state().children
        self.stop()
        return [one.name for one in before if one.pid and processes.identity(one.pid) == one.started]

    def freshet(self, *arguments: str, environ: Mapping[str, str] = {}) -> Any:
        """Runs the command on this stack; its result as JSON says it. Raises FreshetError unless it ends with 0."""
        run = self.run(*arguments, environ=environ)
        if run.returncode != 0:
            raise FreshetError(f"freshet {' '.join(arguments)} ended with {run.returncode}:\n{run.stderr}")
        return json.loads(run.stdout)

    def run(self, *arguments: str, environ: Mapping[str, str] = {}) -> "subprocess.CompletedProcess[str]":
        """The same, however it ends; `environ` has more variables."""
        with self.begin(*arguments, environ=environ) as begun:
            try:
                out, errors = begun.communicate(timeout=COMMAND_S)
            except subprocess.TimeoutExpired:
                begun.kill()
                raise
        return subprocess.CompletedProcess(begun.args, begun.returncode, out, errors)

    def begin(self, *arguments: str, environ: Mapping[str, str] = {}) -> "subprocess.Popen[str]":
        """The command while it runs."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
        return subprocess.Popen(
            [sys.executable, "-m", "freshet", *arguments, "--data", str(self.data), "--json"],
            env={**clean, "FRESHET_MODEL": str(self.model), **self._settings, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def state(self) -> StackState:
        """Raises FreshetError where none was started."""
        state = read_state(self.data)
        if state is None:
            raise FreshetError(f"no stack was started on {self.data}")
        return state

    def child(self, name: str) -> ChildState:
        """Raises FreshetError when the stack has none of this name."""
        for child in self.state().children:
            if child.name == name:
                return child
        raise FreshetError(f"the stack on {self.data} has no process {name}")

    def send_signal(self, name: str, number: signal.Signals) -> None:
        """Raises FreshetError when it does not run."""
        pid = self.child(name).pid
        if pid is None:
            raise FreshetError(f"{name} of the stack on {self.data} does not run")
        os.kill(pid, number)
