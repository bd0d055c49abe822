"""The builder's process: takes merges from its parent, does each in a thread that is nice until it has to hurry."""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

from index_snapshots.builder import NICE
from index_snapshots.merge import Merge, Segment, Steps, merging

RETRY_S: Final = 1.0
"""After a full disk, say: until there is space the writer waits, and searches go on."""


class Work:
    """One merge. When it has to hurry, another thread takes over its steps: without special rights a thread cannot
    take its own niceness back."""

    def __init__(self, job: Merge, done: Callable[[Segment, float], None]) -> None:
        self._job = job
        self._done = done
        self._hurry = threading.Event()
        self._cpu_s = 0.0
        self._start(merging(job), nice=True)

    def hurry(self) -> None:
        self._hurry.set()

    def _start(self, steps: Steps, *, nice: bool) -> None:
        threading.Thread(target=self._run, args=(steps, nice), daemon=True).start()

    def _run(self, steps: Steps, nice: bool) -> None:
        if nice:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        segment = None
        try:
            while segment is None and not (nice and self._hurry.is_set()):
                try:
                    next(steps)
                except StopIteration as end:
                    segment = end.value
        except OSError as error:
            print(f"merge not written, trying again: {error}", file=sys.stderr, flush=True)
            time.sleep(RETRY_S)
            steps = merging(self._job)
        except BaseException:  # noqa: BLE001  a defect: the parent counts how often this process ends over one merge
            traceback.print_exc()
            os._exit(1)
        self._cpu_s += time.thread_time()
        if segment is None:
            self._start(steps, nice=False)
        else:
            self._done(segment, self._cpu_s)


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
