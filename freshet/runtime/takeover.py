"""A new process of a child that still answers: it becomes ready first, then it takes over, and the old one ends."""

import os
import subprocess
import time
from dataclasses import dataclass

from freshet.runtime import processes
from freshet.runtime.supervised import Child

TAKEOVER_S_MAX = 90.0
"""A new process that is not ready within this is ended; it gives up by itself before."""


@dataclass
class Takeover:
    """The new process."""

    process: subprocess.Popen[bytes]
    identity: str | None
    launched_s: float
    started_ms: int
    _ready_fd: int
    """The reading end of the pipe in which it says that it is ready."""

    @classmethod
    def begin(cls, child: Child, now_s: float) -> "Takeover":
        """Raises OSError."""
        assert child.listener is not None
        reading, writing = os.pipe()
        try:
            environ = {**child.environ, **child.listener.environ(writing)}
            process = processes.start(child.command, environ, child.log, (child.listener.fileno(), writing))
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        os.set_blocking(reading, False)
        return cls(process, processes.identity(process.pid), now_s, time.time_ns() // 1_000_000, reading)

    def ready(self) -> bool:
        """Whether it has said so."""
        try:
            return bool(os.read(self._ready_fd, 1))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._ready_fd)
