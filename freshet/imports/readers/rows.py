"""What every reader gives: the rows of a file of products, one by one, with bounded memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from schemas.errors import InvalidEvent
from schemas.limits import EVENT_BYTES_MAX

ROW_BYTES_MAX = 4 * EVENT_BYTES_MAX
"""A row may be longer than the event it becomes, but memory stays bounded."""


class Row(NamedTuple):
    """One row of a file: what it holds, or why it cannot be read."""

    number: int
    """From 1: the line of a text file where the row begins, else its place in the file."""
    value: object
    """A dict in every format but JSON Lines, where a line may hold anything. None when `problem` says why."""
    problem: InvalidEvent | None = None
    original: bytes | list[list[str]] | None = None
    """The line, or the cells of a table's lines. None: `value` is all there is."""
    bytes_read: int = 0
    """Of the file as it is stored, for progress."""


class Source(Protocol):
    """A file of products. `rows` begins anew each time; it raises SettingsError when the file cannot be read on."""

    @property
    def path(self) -> Path: ...

    @property
    def size_bytes(self) -> int:
        """As it is stored: `Row.bytes_read` grows up to it."""

    @property
    def format(self) -> str: ...

    @property
    def header(self) -> list[str] | None:
        """Names of the columns, where the file is a table of text."""

    def rows(self) -> Iterator[Row]: ...
