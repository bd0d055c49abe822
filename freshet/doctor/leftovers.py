"""What an earlier stack left: processes without a supervisor, a lock that another holds, a damaged state file."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from freshet.doctor.finding import Finding, ok, problem
from freshet.doctor.place import Place
from freshet.runtime.data_lock import FILE as LOCK
from freshet.runtime.port_owner import command_of
from freshet.runtime.stack_state import read_state
from schemas.errors import StateRefused

NAME = "leftovers"
LOCKS = Path("/proc/locks")
"""Linux, proc(5): who holds which lock. Trying the lock instead could refuse a stack that starts just then."""


@dataclass(frozen=True)
class Process:
    pid: int
    name: str


@dataclass(frozen=True)
class LeftoverFacts:
    supervised: bool
    supervisor: int | None
    survivors: tuple[Process, ...] = ()
    """Of the stack that state.json names."""
    strays: tuple[Process, ...] = ()
    """Workers told to use this data folder that no state.json names."""
    lock_holder: int | None = None
    refused: str = ""
    """Why state.json cannot be read."""
    option: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> LeftoverFacts:
    try:
        read_state(place.data)
        refused = ""
    except StateRefused as error:
        refused = error.message
    known = {process.pid for process in place.processes}
    supervisor = place.state.pid if place.state and place.supervised else None
    return LeftoverFacts(
        supervised=place.supervised,
        supervisor=supervisor,
        survivors=tuple(Process(one.pid, one.name) for one in place.processes if one.alive and one.pid),
        strays=tuple(stray for stray in _workers_of(place.data) if stray.pid not in known | {supervisor}),
        lock_holder=_holder(place.data / LOCK),
        refused=refused,
        option=place.option,
    )


def judge(facts: LeftoverFacts) -> list[Finding]:
    found = []
    if facts.refused:
        remedy = "end the processes of this stack, delete the file, and start again"
        found.append(problem(NAME, facts.refused, remedy))
    if not facts.supervised and facts.survivors:
        says = f"the supervisor was killed, and these still run: {_named(facts.survivors)}"
        found.append(problem(NAME, says, f"freshet down{facts.option}"))
    if facts.strays:
        says = f"workers of this data folder run that no supervisor knows: {_named(facts.strays)}"
        found.append(problem(NAME, says, f"kill {' '.join(str(stray.pid) for stray in facts.strays)}"))
    if facts.lock_holder not in (None, facts.supervisor) and not facts.refused:
        who = command_of(facts.lock_holder)
        says = f"the data folder is locked by pid {facts.lock_holder}{f' ({who})' if who else ''}"
        found.append(problem(NAME, says, f"wait until it ends, or end it: kill {facts.lock_holder}"))
    return found or [ok(NAME, "none, and the data folder is " + ("held by this stack" if facts.supervised else "free"))]


def _named(processes: tuple[Process, ...]) -> str:
    return ", ".join(f"{one.name} (pid {one.pid})" for one in processes)


def _workers_of(data: Path) -> Iterator[Process]:
    """Python processes that FRESHET_DATA sent here, as far as this user may ask."""
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            name = worker_name(words)
            if name and process.environ().get("FRESHET_DATA") == str(data):
                yield Process(process.pid, name)
        except psutil.Error:
            continue


def worker_name(words: Sequence[str]) -> str:
    """Of a process started as `python -m agents embed`, `-m serving` or `-m freshet.demo URL`; empty: another one."""
    module, *arguments = next((words[at + 1 :] for at, word in enumerate(words[:-1]) if word == "-m"), [""])
    if module == "agents":
        return arguments[0] if arguments else ""
    return {"serving": "serving", "freshet.demo": "demo"}.get(module, "")


def _holder(lock: Path) -> int | None:
    """The process that holds the lock; None: nobody, or the system does not tell."""
    if sys.platform != "linux" or not lock.exists():
        return None
    there = lock.stat()
    file = f"{os.major(there.st_dev):02x}:{os.minor(there.st_dev):02x}:{there.st_ino}"
    for line in LOCKS.read_text(encoding="ascii").splitlines():
        words = line.split()
        if "FLOCK" in words and words[5] == file and words[4].isdigit():
            return int(words[4])
    return None
