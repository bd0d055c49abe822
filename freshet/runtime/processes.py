"""Names, starts, finds and ends operating-system processes, never an innocent one."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

POLL_S = 0.02


def identity(pid: int) -> str | None:
    """A name of the living process `pid` that a later process with the same number does not have; None: it is dead.

    The start time is not enough across a reboot, so Linux's boot id goes before it.
    """
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"  # state; start time in clock ticks, proc(5)
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = found.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def start(
    command: Sequence[str], environ: Mapping[str, str], log: Path, pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Starts a child in its own session (Ctrl-C reaches only us), its output appended to `log`. It gets `pass_fds`.

    On Linux it dies with us, if started from the main thread: the kernel watches the starting thread.
    """
    tether = [sys.executable, "-m", "freshet.runtime.tether", str(os.getpid())]
    tethered = threading.current_thread() is threading.main_thread()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [*tether, *command] if tethered else list(command),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
        )


def send(pid: int, name: str, number: signal.Signals) -> bool:
    """Signals `pid`, and its group if it leads one, if that is still the process called `name`; says whether it was."""
    if identity(pid) != name:
        return False
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:  # a supervisor in the foreground shares its group with the shell script or make that started it
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end(pid: int, name: str, grace_s: float) -> bool:
    """Ends the process called `name`: SIGTERM, after `grace_s` SIGKILL; says whether it had to be killed."""
    if not send(pid, name, signal.SIGTERM):
        return False
    if _gone_within(pid, name, grace_s):
        return False
    send(pid, name, signal.SIGKILL)
    _gone_within(pid, name, grace_s)
    return True


def _gone_within(pid: int, name: str, wait_s: float) -> bool:
    until = time.monotonic() + wait_s
    while identity(pid) == name:
        if time.monotonic() >= until:
            return False
        time.sleep(POLL_S)
    return True
