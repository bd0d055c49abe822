"""One log file per process, rotated by size when the process starts."""

import os
from pathlib import Path

LOG_BYTES_MAX = 10_000_000
LOGS_KEPT = 3
TAIL_BYTES = 64_000


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


def tail(log: Path, lines: int) -> list[str]:
    """The last lines, at most TAIL_BYTES of them; none when there is no log yet."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            found = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    return found[-lines:] if lines > 0 else []
