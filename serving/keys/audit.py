"""Who changed what: a line of JSON for each action of an administrator, in a file that is only appended to."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson

NAME: Final = "audit.jsonl"
BYTES_MAX: Final = 10_000_000
"""Then it is moved to `audit.1.jsonl`, in place of the one that is there."""


class Audit:
    """Several processes may write to one file: each line is one write."""

    def __init__(self, folder: Path, wall_ms: Callable[[], int], bytes_max: int = BYTES_MAX) -> None:
        self._path = folder / NAME
        self._wall_ms = wall_ms
        self._bytes_max = bytes_max

    def write(self, action: str, who: str, **facts: Any) -> None:
        """Blocking. Raises OSError."""
        line = orjson.dumps({"at_ms": self._wall_ms(), "action": action, "who": who, **facts}) + b"\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)
            full = os.fstat(file).st_size > self._bytes_max
        finally:
            os.close(file)
        if full:
            self._path.replace(self._path.with_name("audit.1.jsonl"))
