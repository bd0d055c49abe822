"""One stack per data folder: a lock the kernel gives back when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import StateRefused

FILE = "lock"


class AlreadyRuns(StateRefused):
    """Another process holds the data folder: nothing is wrong."""


@contextmanager
def held(data: Path, who: str) -> Iterator[None]:
    """Holds the lock. Raises AlreadyRuns when another process has it; `who` says what is known of that one."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRuns(
                f"a Freshet stack already runs on {data}{who}",
                hint="`freshet status` shows it, `freshet down` stops it; or give another folder with --data",
            ) from error
        yield
