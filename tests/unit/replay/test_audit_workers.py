"""Processes of an audit end with it, however it ends."""

import subprocess
import sys

from freshet.runtime import processes
from tests.waiting import LIMIT_S, wait_until

AUDIT = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from replay.audit.run import end_with_parent

if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_a_worker_ends_when_its_audit_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", AUDIT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as audit:
        assert audit.stdout is not None
        worker = int(audit.stdout.readline())
        assert processes.identity(worker)
        audit.kill()
    wait_until(lambda: processes.identity(worker) is None, LIMIT_S, "its worker has ended")
