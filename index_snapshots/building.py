"""The builder's process: takes merges from its parent, does each in a thread that is nice until it has to hurry."""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final

from index_snapshots.builder import NICE
from index_snapshots.merge import Merge, Segment, merging

RETRY_S: Final = 1.0
"""After a full disk, say: until there is space the writer waits, and searches go on."""


class Work:
    """One merge. When it has to hurry, another thread takes over its steps: without special rights a thread cannot
    take its own niceness back, and one that it starts would inherit it."""

    def __init__(self, job: Merge, done: Callable[[Segment, float], None]) -> None:
        self._job = job
        self._done = done
        self._steps = merging(job)
        self._hurry = threading.Event()
        self._over = False
        self._cpu_s = 0.0
        self._nice = threading.Thread(target=self._run, kwargs={"nice": True}, daemon=True)

    def start(self) -> None:
        self._nice.start()

    def hurry(self) -> None:
        """To be called by one thread, which is not nice itself."""
        if self._hurry.is_set():
            return
        self._hurry.set()
        threading.Thread(target=self._take_over, daemon=True).start()

    def _take_over(self) -> None:
        self._nice.join()
        if not self._over:
            self._run(nice=False)

    def _run(self, *, nice: bool) -> None:
        if nice:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        segment = None
        try:
            while segment is None and not (nice and self._hurry.is_set()):
                segment = self._step()
        except BaseException:  # noqa: BLE001  a defect: the parent counts how often this process ends over one merge
            traceback.print_exc()
            os._exit(1)
        self._cpu_s += time.thread_time()
        if segment is not None:
            self._over = True
            self._done(segment, self._cpu_s)

    def _step(self) -> Segment | None:
        """Returns the segment after the last one."""
        try:
            next(self._steps)
        except StopIteration as end:
            segment: Segment = end.value
            return segment
        except OSError as error:
            with suppress(OSError):  # the log may lie on the same full disk
                print(f"merge not written, trying again: {error}", file=sys.stderr, flush=True)
            time.sleep(RETRY_S)
            self._steps = merging(self._job)
        return None


def serve(pipe: Connection) -> None:
    """Until the parent is gone; then everything is given up."""
    works: dict[int, Work] = {}
    sending = threading.Lock()

    def start(number: int, job: Merge) -> None:
        def done(segment: Segment, cpu_s: float) -> None:
            works.pop(number, None)
            with sending:
                pipe.send((number, segment, cpu_s))

        works[number] = Work(job, done)
        works[number].start()

    while True:
        try:
            kind, number, *job = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)
        if kind == "merge":
            start(number, *job)
        elif number in works:
            works[number].hurry()


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
