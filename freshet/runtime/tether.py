"""Runs a command that dies with its parent: `python -m freshet.runtime.tether PARENT_PID COMMAND...`.

A separate step before exec, because code between fork and exec of a threaded Python is not safe. Linux only; elsewhere
the command runs untethered and the next start cleans up what a killed supervisor left.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: list[str]) -> None:
    parent = int(arguments[0])
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)
    os.execvpe(arguments[1], arguments[1:], os.environ)


if __name__ == "__main__":
    main(sys.argv[1:])
