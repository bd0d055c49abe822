"""Builds segments away from the searches: in a process of its own, or in the caller's for tests and small tools."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from queue import SimpleQueue
from typing import Final, Protocol

from index_snapshots.merge import Merge, Segment, merge

NICE: Final = 10
"""Of a build that has time; without it a build takes turns with the searches as their equal."""
CRASHES_MAX: Final = 3
"""A builder that dies so often over one merge is not started again for it: out of memory, say."""
HUGE_PAGES: Final = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""The graph that grows lies in pages of 2 MB where the system has them (glibc 2.35, Linux): rows were added a seventh
faster at 300,000."""
ONE_CORE: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""A build takes one core, not all."""
Message = tuple[object, ...]


class BuildFailed(RuntimeError):
    """A merge could not be built; the log still has everything."""


class Built(Protocol):
    """A merge under way. For one thread; once it is done, for any."""

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


class Finished:
    """One that came with a snapshot."""

    done = True

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def hurry(self) -> None:
        """There is nothing left to do."""

    def result(self) -> Segment:
        return self._segment


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
        self._lock = threading.Lock()
        self._segment: Segment | None = None

    def hurry(self) -> None:
        """It is built in one go anyway."""

    def result(self) -> Segment:
        with self._lock:  # a snapshot may ask too
            if self._segment is None:
                self._segment = merge(self._job)
            return self._segment


class BuilderProcess:
    """A process with one thread per merge. It is started at once, and ends with its parent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, _Running] = {}
        self._next = 0
        self.cpu_s = 0.0
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: SimpleQueue[Message | None] | None = None
        """For the process that runs now; None: there is none."""
        with self._lock:
            self._begin()  # now, because starting takes longer than the writer may wait at its first merge

    def _begin(self) -> "SimpleQueue[Message | None]":
        pipe, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "index_snapshots.building", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**HUGE_PAGES, **os.environ, **ONE_CORE},
        )
        theirs.close()
        self._outbox = SimpleQueue()
        sender = threading.Thread(target=_send_all, args=(pipe, self._outbox), name="to-builder", daemon=True)
        sender.start()
        listening = (pipe, self._outbox, sender)
        threading.Thread(target=self._listen, args=listening, name="from-builder", daemon=True).start()
        return self._outbox

    def start(self, job: Merge) -> Built:
        with self._lock:
            self._next += 1
            running = self._running[self._next] = _Running(self, self._next, job)
            self._send(("merge", self._next, job))
        return running

    def hurry(self, number: int) -> None:
        with self._lock:
            self._send(("hurry", number))

    def _send(self, message: Message) -> None:
        """Does not wait: the process may be busy, and a merge with its rows is more than a pipe holds."""
        (self._outbox or self._begin()).put(message)

    def _listen(self, pipe: Connection, outbox: "SimpleQueue[Message | None]", sender: threading.Thread) -> None:
        try:
            while True:
                number, segment, cpu_s = pipe.recv()
                with self._lock:
                    running = self._running.pop(number)
                    self.cpu_s += cpu_s
                running.finish(segment)
        except (EOFError, OSError):
            outbox.put(None)
            sender.join()
            pipe.close()
            self._died()

    def _died(self) -> None:
        """Starts again with all merges that were under way, but for those that have seen it die too often."""
        with self._lock:
            self._outbox = None  # what it still holds is said again
            self._end()
            for running in list(self._running.values()):
                running.crashes += 1
                if self._closed or running.crashes >= CRASHES_MAX:
                    self._running.pop(running.number).fail(_why(running, closed=self._closed))
            try:
                for running in self._running.values():
                    self._send(("merge", running.number, running.job))
                    if running.hurried:
                        self._send(("hurry", running.number))
            except OSError as error:  # no memory for a process, say
                for running in self._running.values():
                    running.fail(f"the builder cannot be started again: {error}")
                self._running.clear()

    def close(self) -> None:
        """Whoever waits for a merge is told that it will not come."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None


def _send_all(pipe: Connection, outbox: "SimpleQueue[Message | None]") -> None:
    with suppress(OSError):  # the process has just died: `_listen` sees that too
        while (message := outbox.get()) is not None:
            pipe.send(message)


def _why(running: "_Running", *, closed: bool) -> str:
    if closed:
        return "the builder was closed"
    rows = sum(int(source.kept.sum()) for source in running.job.added)
    return (
        f"the builder died {CRASHES_MAX} times over a merge of {rows} new rows into {running.job.folder}; "
        "is memory short? What it wrote to stderr before says more. The log still has everything"
    )


class _Running:
    def __init__(self, builder: BuilderProcess, number: int, job: Merge) -> None:
        self._builder = builder
        self._over = threading.Event()
        self._segment: Segment | None = None
        self._failure = ""
        self.number = number
        self.job = job
        self.hurried = False
        self.crashes = 0

    @property
    def done(self) -> bool:
        return self._over.is_set()

    def hurry(self) -> None:
        if not self.hurried and not self.done:
            self.hurried = True
            self._builder.hurry(self.number)

    def result(self) -> Segment:
        self.hurry()
        self._over.wait()
        if self._segment is None:
            raise BuildFailed(self._failure)
        return self._segment

    def finish(self, segment: Segment) -> None:
        self._segment = segment
        self._over.set()

    def fail(self, why: str) -> None:
        self._failure = why
        self._over.set()
