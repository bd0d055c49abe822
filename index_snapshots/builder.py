"""Builds segments away from the searches: in a process of its own, or in the caller's for tests and small tools."""

import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Final, Protocol

from index_snapshots.merge import Merge, Segment, merge

NICE: Final = 10
"""Of a build that has time; without it a build takes turns with the searches as their equal."""
CRASHES_MAX: Final = 3
"""A builder that dies so often over one merge is not started again for it: out of memory, say."""


class BuildFailed(RuntimeError):
    """A merge could not be built; the log still has everything."""


class Built(Protocol):
    """A merge under way. For one thread."""

    def hurry(self) -> None:
        """It will be needed soon."""

    def result(self) -> Segment:
        """Waits. Raises BuildFailed."""

    @property
    def done(self) -> bool: ...


class Builder(Protocol):
    """Does merges; several at a time."""

    def start(self, job: Merge) -> Built: ...
    def close(self) -> None:
        """Gives up what is under way."""

    @property
    def cpu_s(self) -> float:
        """CPU time used for merges so far."""


class BuilderHere:
    """Builds when the result is asked for, in the thread that asks."""

    cpu_s = 0.0

    def start(self, job: Merge) -> Built:
        return _Later(job)

    def close(self) -> None:
        """Nothing is under way."""


class _Later:
    done = True

    def __init__(self, job: Merge) -> None:
        self._job = job

    def hurry(self) -> None:
        """It is built in one go anyway."""

    def result(self) -> Segment:
        return merge(self._job)


class BuilderProcess:
    """A process with one thread per merge. It ends with its parent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, _Running] = {}
        self._next = 0
        self.cpu_s = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._closed = False

    def start(self, job: Merge) -> Built:
        with self._lock:
            self._next += 1
            running = self._running[self._next] = _Running(self, self._next, job)
            self._send(("merge", self._next, job))
        return running

    def send(self, message: tuple[object, ...]) -> None:
        with self._lock:
            self._send(message)

    def _send(self, message: tuple[object, ...]) -> None:
        if self._pipe is None:
            self._pipe, theirs = Pipe()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "index_snapshots.building", str(theirs.fileno())], pass_fds=[theirs.fileno()]
            )
            theirs.close()
            threading.Thread(target=self._listen, args=(self._pipe,), name="builder", daemon=True).start()
        with suppress(OSError):  # it has just died: `_listen` starts it again with all that is under way
            self._pipe.send(message)

    def _listen(self, pipe: Connection) -> None:
        try:
            while True:
                number, segment, cpu_s = pipe.recv()
                with self._lock:
                    running = self._running.pop(number)
                    self.cpu_s += cpu_s
                running.finish(segment)
        except (EOFError, OSError):
            self._died(pipe)

    def _died(self, pipe: Connection) -> None:
        """Starts again with all merges that were under way, but for one that has killed it too often."""
        with self._lock:
            if self._pipe is pipe:
                self._pipe = None
            pipe.close()
            again = [] if self._closed else list(self._running.values())
        for running in again:
            running.crashes += 1
            if running.crashes >= CRASHES_MAX:
                with self._lock:
                    del self._running[running.number]
                running.finish(None)
            else:
                self.send(("merge", running.number, running.job))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None


class _Running:
    def __init__(self, builder: BuilderProcess, number: int, job: Merge) -> None:
        self._builder = builder
        self._over = threading.Event()
        self._hurried = False
        self._segment: Segment | None = None
        self.number = number
        self.job = job
        self.crashes = 0

    @property
    def done(self) -> bool:
        return self._over.is_set()

    def hurry(self) -> None:
        if not self._hurried and not self.done:
            self._hurried = True
            self._builder.send(("hurry", self.number))

    def result(self) -> Segment:
        self.hurry()
        self._over.wait()
        if self._segment is None:
            raise BuildFailed(f"the builder died {CRASHES_MAX} times over one merge; is memory short?")
        return self._segment

    def finish(self, segment: Segment | None) -> None:
        self._segment = segment
        self._over.set()
