"""`freshet logs`: the last lines of each process, and those to come."""

import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from freshet.log_files import tail
from schemas.errors import InvalidRequest

POLL_S = 0.2
READ_BYTES_MAX = 1_000_000


def find_logs(data: Path, process: str | None) -> list[Path]:
    """The log of one process, or of all. Raises InvalidRequest that names those there are."""
    there = sorted((data / "logs").glob("*.log"))
    if process is None:
        return there
    found = [log for log in there if log.stem == process]
    if not found:
        names = ", ".join(log.stem for log in there) or "none yet: start the stack with freshet up"
        raise InvalidRequest("no_log", f"no log of {process!r} in {data / 'logs'}", hint=f"there are: {names}")
    return found


def last_lines(logs: Sequence[Path], count: int) -> Iterator[tuple[str, str]]:
    """(process, line), process by process."""
    for log in logs:
        for line in tail(log, count):
            yield log.stem, line


def follow(logs: Sequence[Path], poll_s: float = POLL_S) -> Generator[tuple[str, str], None, None]:
    """(process, line) of what is appended from now on, for ever; a rotated log is followed in its new file."""
    return _follow({log: _Follower(log) for log in logs}, poll_s)  # opened now: nothing in between is lost


def _follow(following: Mapping[Path, "_Follower"], poll_s: float) -> Generator[tuple[str, str], None, None]:
    try:
        while True:
            for log, follower in following.items():
                for line in follower.new_lines():
                    yield log.stem, line
            time.sleep(poll_s)
    finally:
        for follower in following.values():
            follower.close()


class _Follower:
    def __init__(self, log: Path) -> None:
        self._log = log
        self._file: BinaryIO = log.open("rb")
        self._file.seek(0, os.SEEK_END)
        self._rest = b""

    def new_lines(self) -> list[str]:
        data = self._file.read(READ_BYTES_MAX)
        if not data and self._was_rotated():
            self._file.close()
            self._file = self._log.open("rb")
            data = self._file.read(READ_BYTES_MAX)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]

    def close(self) -> None:
        self._file.close()

    def _was_rotated(self) -> bool:
        try:
            return self._log.stat().st_ino != os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            return False
