"""A server as a child process without the supervisor, for tests: ready when it answers, stopped or killed at will."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

from freshet.runtime import processes
from schemas.errors import Unavailable

START_TIMEOUT_S = 60.0
STOP_GRACE_S = 15.0
POLL_S = 0.02
LOG_TAIL_CHARS = 2_000


class EmbeddedServer:
    """One child process that is ready when `answers` says so."""

    def __init__(self, name: str, data_dir: Path) -> None:
        self.name = name
        self.data_dir = data_dir
        self.log = data_dir / f"{name}.log"
        self._process: Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running server. Raises Unavailable when it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise Unavailable(f"the embedded {self.name} in {self.data_dir} does not run", hint="call start()")
        return self._process.pid

    def launch(self, command: list[str], environ: dict[str, str], answers: Callable[[], bool]) -> None:
        self._process = processes.start(command, environ, self.log)
        until = time.monotonic() + START_TIMEOUT_S
        while not answers():
            died = self._process.poll() is not None
            if died or time.monotonic() > until:
                self.kill()
                tail = self.log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARS:]
                what = "died at start" if died else f"did not answer within {START_TIMEOUT_S:.0f} s"
                raise Unavailable(f"the embedded {self.name} {what}; its log {self.log} ends with:\n{tail}")
            time.sleep(POLL_S)

    def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """A clean stop; SIGKILL after `grace_s`. Stopping twice is fine."""
        if self._process is None:
            return
        if self._process.poll() is None:
            name = processes.identity(self._process.pid)
            if name:
                processes.end(self._process.pid, name, grace_s)
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """kill -9."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
