"""JSON Lines: one JSON value a line, plain or gzip."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from freshet.imports.readers.rows import ROW_BYTES_MAX, Row
from freshet.imports.readers.stored import BOM, opened
from schemas.errors import InvalidEvent


@dataclass(frozen=True)
class JsonLines:
    path: Path
    format: str = "jsonl"
    header: None = None

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def rows(self) -> Iterator[Row]:
        """Lines that are not blank."""
        with opened(self.path) as stored:
            for number, raw, too_long in _lines(stored.content):
                yield _row(number, raw, too_long, stored.file.tell())


def _lines(content: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Number, the line without white space around it, and whether it is longer than ROW_BYTES_MAX."""
    number = 0
    while raw := content.readline(ROW_BYTES_MAX + 1):
        number += 1
        too_long = len(raw.rstrip(b"\r\n")) > ROW_BYTES_MAX
        while too_long and not raw.endswith(b"\n"):
            raw = content.readline(ROW_BYTES_MAX)
            if not raw:
                break
        if number == 1:
            raw = raw.removeprefix(BOM)
        if too_long or raw.strip():
            yield number, raw.strip(), too_long


def _row(number: int, raw: bytes, too_long: bool, bytes_read: int) -> Row:
    if too_long:
        problem = InvalidEvent("too_large", f"the line has more than {ROW_BYTES_MAX:,} bytes")
        return Row(number, None, problem, b"", bytes_read)
    try:
        return Row(number, orjson.loads(raw), None, raw, bytes_read)
    except orjson.JSONDecodeError as error:
        return Row(number, None, InvalidEvent("malformed_json", f"not valid JSON: {error}"), raw, bytes_read)
