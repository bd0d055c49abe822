"""Turns each row of a file into the bytes of a catalogue event, or into a refusal with its reason."""

from typing import NamedTuple

import orjson

from freshet.imports.mapping import Mapped, as_event, is_wanted, map_line
from freshet.imports.mapping_file import FieldMapping
from freshet.imports.readers.rows import Row
from schemas.errors import InvalidEvent
from schemas.limits import EVENT_BYTES_MAX


class Ready(NamedTuple):
    """A row that became an event."""

    row: Row
    sku: str
    event: bytes
    cuts: int
    place: int = 0
    """Rows before it in the file."""


class Refused(NamedTuple):
    """A row that did not, or that the server refused."""

    number: int
    reason: str
    message: str
    problems: list[list[str]]
    original: str | list[list[str]]
    """The line, or the cells of a table's lines."""


class LeftOut(NamedTuple):
    """A row that the mapping's `only` leaves out."""

    number: int


def prepare(row: Row, mapping: FieldMapping | None) -> Ready | Refused | LeftOut:
    """Pure."""
    try:
        if row.problem:
            raise row.problem
        if mapping and not is_wanted(row.value, mapping):
            return LeftOut(row.number)
        mapped = map_line(row.value, mapping) if mapping else Mapped(as_event(row.value), 0)
        body = orjson.dumps(mapped.event)
        if len(body) > EVENT_BYTES_MAX:
            raise InvalidEvent("too_large", f"the event has {len(body):,} bytes; at most {EVENT_BYTES_MAX:,} are taken")
        return Ready(row, str(mapped.event.get("sku", "")), body, mapped.cuts)
    except InvalidEvent as error:
        return refused(row, error)
    except orjson.JSONEncodeError as error:  # a whole number beyond 64 bits, a lone surrogate
        return refused(row, InvalidEvent("invalid_field", f"cannot be written as JSON: {error}"))


def refused(row: Row, error: InvalidEvent) -> Refused:
    problems = [[problem.field, problem.problem] for problem in error.problems]
    return Refused(row.number, error.reason, error.message, problems, original_of(row))


def original_of(row: Row) -> str | list[list[str]]:
    if isinstance(row.original, bytes):
        return row.original.decode("utf-8", "replace")
    if row.original is not None:
        return row.original
    return orjson.dumps(row.value, default=str).decode()
