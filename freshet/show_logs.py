"""`freshet logs`: the last lines of each process in the order of their times, and those to come."""

import heapq
import os
import re
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from freshet.log_lines import LogLine, Wanted, in_context, parse
from freshet.runtime.log_files import READ_BACK_BYTES, TAIL_BYTES, tail
from schemas.errors import InvalidRequest

POLL_S = 0.2
READ_BYTES_MAX = 1_000_000
LINE_BYTES = 1_000
"""Of an ordinary line at most: so much is read for each that was asked for."""
AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
EVERYTHING = Wanted()


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


def since(given: str, now_s: float, option: str = "--since") -> float:
    """`90s`, `10m`, `2h`, `1d` ago, or a time (ISO 8601, local unless it says otherwise), as s since 1970.

    Raises InvalidRequest, which names the option.
    """
    if found := AGO.fullmatch(given.strip()):
        return now_s - float(found[1]) * SECONDS[found[2]]
    try:
        return datetime.fromisoformat(given.strip()).timestamp()
    except ValueError:
        raise InvalidRequest(
            "bad_time", f"{option} {given!r} is not a time", hint="write 30s, 10m, 2h, 1d, or 2026-01-31T08:00"
        ) from None


def last_lines(logs: Sequence[Path], count: int, wanted: Wanted = EVERYTHING) -> Iterator[LogLine]:
    """Of each log the last `count` lines that are wanted, all of them by time. Those of the last READ_BACK_BYTES."""
    return heapq.merge(*(_last(log, count, wanted) for log in logs), key=lambda line: line.at_s or 0.0)


def _last(log: Path, count: int, wanted: Wanted) -> list[LogLine]:
    bytes_max = max(TAIL_BYTES, count * LINE_BYTES) if wanted == EVERYTHING else READ_BACK_BYTES
    lines = in_context(parse(log.stem, text) for text in tail(log, None, min(bytes_max, READ_BACK_BYTES)))
    found = [line for line in lines if wanted(line)]
    return found[-count:] if count else []


def follow(logs: Sequence[Path], wanted: Wanted = EVERYTHING, poll_s: float = POLL_S) -> Generator[LogLine, None, None]:
    """What is appended from now on, for ever, by time within each look; a rotated log is followed in its new file."""
    return _follow({log: _Follower(log) for log in logs}, wanted, poll_s)  # opened now: nothing in between is lost


def _follow(following: Mapping[Path, "_Follower"], wanted: Wanted, poll_s: float) -> Generator[LogLine, None, None]:
    try:
        while True:
            fresh = [
                in_context([parse(log.stem, text) for text in follower.new_lines()])
                for log, follower in following.items()
            ]
            yield from filter(wanted, heapq.merge(*fresh, key=lambda line: line.at_s or 0.0))
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
