"""One stack per data folder, one demo per stack: locks that the kernel gives back when their holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import StateRefused

FILE = "lock"


class AlreadyRuns(StateRefused):
    """Another process holds the data folder: nothing is wrong."""


@contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Yields whether the folder's lock is ours now; False: another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def held(data: Path, who: str) -> Iterator[None]:
    """Holds the lock. Raises AlreadyRuns when another process has it; `who` says what is known of that one."""
    with locked(data) as ours:
        if not ours:
            raise AlreadyRuns(
                f"a Freshet stack already runs on {data}{who}",
                hint="`freshet status` shows it, `freshet down` stops it; or give another folder with --data",
            )
        yield
