"""Reads a JSONL file (plain or gzip) line by line and turns each line into the bytes of a catalogue event."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson

from freshet.mapping import FieldMapping, Mapped, as_event, map_line
from schemas.errors import InvalidEvent, SettingsError
from schemas.limits import EVENT_BYTES_MAX

LINE_BYTES_MAX = 4 * EVENT_BYTES_MAX
"""A line may be longer than the event it becomes, but memory stays bounded."""
GZIP_MAGIC = b"\x1f\x8b"


class Line(NamedTuple):
    number: int
    """From 1."""
    raw: bytes
    """Empty when the line was longer than LINE_BYTES_MAX."""
    too_long: bool
    bytes_read: int
    """Of the file as it is stored, for progress."""


class Ready(NamedTuple):
    """A line that became an event."""

    number: int
    sku: str
    event: bytes
    cuts: int


class Refused(NamedTuple):
    """A line that did not, or that the server refused."""

    number: int
    reason: str
    message: str
    problems: list[list[str]]
    original: str


def read_lines(path: Path, limit: int | None = None) -> Iterator[Line]:
    """Lines that are not blank, at most `limit`. Bounded memory. Raises SettingsError when the file cannot be read."""
    try:
        with path.open("rb") as stored:
            packed = stored.read(2) == GZIP_MAGIC
            stored.seek(0)
            lines = io.BufferedReader(gzip.GzipFile(fileobj=stored)) if packed else stored
            yield from _numbered(lines, stored, limit)
    except (OSError, EOFError) as error:
        raise SettingsError(
            f"cannot read {path}: {error}", hint="JSON Lines, plain or gzip, one product a line"
        ) from error


def _numbered(lines: BinaryIO, stored: BinaryIO, limit: int | None) -> Iterator[Line]:
    number = given = 0
    while limit is None or given < limit:
        raw = lines.readline(LINE_BYTES_MAX + 1)
        if not raw:
            return
        number += 1
        too_long = len(raw.rstrip(b"\r\n")) > LINE_BYTES_MAX
        while too_long and not raw.endswith(b"\n"):
            raw = lines.readline(LINE_BYTES_MAX)
            if not raw:
                break
        if too_long or raw.strip():
            given += 1
            yield Line(number, b"" if too_long else raw.strip(), too_long, stored.tell())


def prepare(line: Line, mapping: FieldMapping | None) -> Ready | Refused:
    """Pure."""
    try:
        if line.too_long:
            raise InvalidEvent("too_large", f"the line has more than {LINE_BYTES_MAX:,} bytes")
        parsed = _parse(line.raw)
        mapped = map_line(parsed, mapping) if mapping else Mapped(as_event(parsed), 0)
        body = orjson.dumps(mapped.event)
        if len(body) > EVENT_BYTES_MAX:
            raise InvalidEvent("too_large", f"the event has {len(body):,} bytes; at most {EVENT_BYTES_MAX:,} are taken")
        return Ready(line.number, str(mapped.event.get("sku", "")), body, mapped.cuts)
    except InvalidEvent as error:
        return refused(line.number, line.raw, error)


def refused(number: int, raw: bytes, error: InvalidEvent) -> Refused:
    problems = [[problem.field, problem.problem] for problem in error.problems]
    return Refused(number, error.reason, error.message, problems, raw.decode("utf-8", "replace"))


def _parse(raw: bytes) -> object:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidEvent("malformed_json", f"not valid JSON: {error}") from error
