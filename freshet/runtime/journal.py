"""What the supervisor says: JSON lines in DATA/logs/up.log, and on stderr words on a terminal, JSON lines elsewhere."""

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import orjson

from freshet.log_lines import parse
from freshet.runtime.log_files import rotate


class Say(Protocol):
    """Takes one line; `level` as in every other log."""

    def __call__(self, line: str, level: str = "info", /) -> None: ...


def to_stderr(line: str, level: str = "info", /) -> None:
    text = line if sys.stderr.isatty() else as_json(line, level)
    with suppress(OSError):  # stderr may be a log on a full disk
        print(text, file=sys.stderr, flush=True)


def as_json(line: str, level: str) -> str:
    """One line, in the form of the other processes' logs."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return orjson.dumps({"event": line, "level": level, "timestamp": at, "process": "up"}).decode()


def words_of(text: str) -> str:
    """What a line of up.log says: its event; another program's line, or an error, as it is."""
    facts = parse("up", text).facts
    return text if facts is None else str(facts["event"])


class Journal:
    """Says each line to `say`, and writes it into the log unless `say` does so already (`freshet up --detach`)."""

    def __init__(self, log: Path, say: Say) -> None:
        self._log = log
        self._say = say
        log.parent.mkdir(parents=True, exist_ok=True)
        self._stderr_is_log = _is_stderr(log)
        if not self._stderr_is_log:
            rotate(log)

    def say(self, line: str, level: str = "info", /) -> None:
        self._say(line, level)
        if not self._stderr_is_log:
            with suppress(OSError), self._log.open("a", encoding="utf-8") as file:
                file.write(as_json(line, level) + "\n")

    def warn(self, line: str) -> None:
        self.say(line, "warning")


def _is_stderr(log: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(sys.stderr.fileno()), log.stat())
    except (OSError, ValueError):  # no such log yet; stderr is no file, in a test
        return False
