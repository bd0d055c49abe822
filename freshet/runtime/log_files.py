"""One log file per process, rotated by size when the process starts."""

import os
from pathlib import Path

LOG_BYTES_MAX = 10_000_000
LOGS_KEPT = 3
TAIL_BYTES = 64_000
READ_BACK_BYTES = 20_000_000
"""What is searched for lines of a level or a time: a log may grow beyond LOG_BYTES_MAX while its process runs."""


def log_file(data: Path, process: str) -> Path:
    return data / "logs" / f"{process}.log"


def rotate(log: Path, bytes_max: int = LOG_BYTES_MAX) -> None:
    """Moves a log beyond `bytes_max` to .1, .1 to .2 and so on; the oldest goes."""
    if not log.exists() or log.stat().st_size <= bytes_max:
        return
    for number in range(LOGS_KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            os.replace(older, log.with_name(f"{log.name}.{number + 1}"))
    os.replace(log, log.with_name(f"{log.name}.1"))


def tail(log: Path, lines: int | None, bytes_max: int = TAIL_BYTES) -> list[str]:
    """The last lines (None: all), at most `bytes_max` of them; none when there is no log yet."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = file.seek(max(0, size - bytes_max))
            found = file.read().decode("utf-8", "replace").splitlines()[1 if begin else 0 :]  # not half a line
    except FileNotFoundError:
        return []
    if lines is None:
        return found
    return found[-lines:] if lines > 0 else []
