"""Files for the readers' tests, as small as they can be."""

import gzip
from pathlib import Path
from typing import Any

from freshet.imports.readers.rows import Source


def file_of(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    data = content if isinstance(content, bytes) else content.encode(encoding)
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def values(source: Source) -> list[Any]:
    """What the good rows hold."""
    return [row.value for row in source.rows() if row.problem is None]


def problems(source: Source) -> dict[int, str]:
    """Reasons of the bad rows by their number."""
    return {row.number: row.problem.reason for row in source.rows() if row.problem}
