"""Tables of text: CSV and TSV, plain or gzip, with a header line; quoted cells may hold line breaks (RFC 4180)."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from freshet.imports.readers.delimiter import EXCEL_MARK, delimiter_of
from freshet.imports.readers.rows import ROW_BYTES_MAX, Row
from freshet.imports.readers.stored import head_of
from freshet.imports.readers.text import UTF_8, codec_of, lines_of, text_of
from schemas.errors import InvalidEvent, SettingsError

OURS = "freshet_"
"""Columns of this prefix say why a row was rejected (see `rejected`); they are left out when it comes again."""

csv.field_size_limit(ROW_BYTES_MAX)


@dataclass(frozen=True)
class Delimited:
    """Blank cells are absent (None). Cells are texts: the mapping makes numbers of them."""

    path: Path
    format: str = "csv"
    encoding: str = UTF_8
    delimiter: str = ""
    """Found in the file when empty."""

    @cached_property
    def separator(self) -> str:
        if self.delimiter:
            return self.delimiter
        text = head_of(self.path).decode(codec_of(self.encoding), "replace")
        return delimiter_of(text.splitlines(keepends=True)[:-1] or [text], "\t" if self.format == "tsv" else ",")

    @cached_property
    def header(self) -> list[str]:
        """Raises SettingsError when the file cannot be read."""
        head_of(self.path)
        with text_of(self.path, self.encoding) as (text, _):
            for _, cells, problem in _records(lines_of(text, self.path), self.separator, self.path):
                if problem:
                    raise SettingsError(f"{self.path}: the header cannot be read: {problem.message}")
                return cells
        return []

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def rows(self) -> Iterator[Row]:
        names = [name for name, _ in columns(self.header)]
        with text_of(self.path, self.encoding) as (text, stored):
            records = _records(lines_of(text, self.path), self.separator, self.path)
            next(records, None)
            for number, cells, problem in records:
                problem = problem or _ragged(cells, len(names))
                value = None if problem else dict(_values(names, cells))
                yield Row(number, value, problem, [cells], stored.file.tell())


def columns(header: list[str]) -> list[tuple[str, str]]:
    """Name and heading of each column. A heading that stands twice gets `_2`, an empty one is `column_N`. Pure."""
    taken: set[str] = set()
    named = []
    for number, heading in enumerate(header, start=1):
        wanted = heading.strip() or f"column_{number}"
        name, copy = wanted, 1
        while name in taken:
            copy += 1
            name = f"{wanted}_{copy}"
        taken.add(name)
        named.append((name, heading))
    return named


def _values(names: list[str], cells: list[str]) -> Iterator[tuple[str, str | None]]:
    for name, cell in zip(names, cells, strict=True):
        if not name.startswith(OURS):
            yield name, cell if cell and not cell.isspace() else None


def _ragged(cells: list[str], columns: int) -> InvalidEvent | None:
    if len(cells) == columns:
        return None
    return InvalidEvent("ragged_row", f"the row has {len(cells)} cells, the header has {columns}")


def _records(lines: Iterator[str], delimiter: str, path: Path) -> Iterator[tuple[int, list[str], InvalidEvent | None]]:
    """Line number where the record begins, its cells, and what is wrong with it; its text as one cell in that case."""
    kept = _Kept(lines, path)
    reader = csv.reader(kept, delimiter=delimiter, strict=True)
    while True:
        number = kept.begin()
        try:
            cells, problem = next(reader), None
        except StopIteration:
            return
        except csv.Error as error:
            words = f"not readable as a row: {error}; a quote inside a quoted cell is written twice"
            cells, problem = [kept.text().rstrip("\r\n")], InvalidEvent("malformed_row", words)
        if number == 1 and cells and "".join(cells).lower().rstrip(delimiter) == EXCEL_MARK:
            continue
        if problem or len(cells) > 1 or (cells and cells[0].strip()):
            yield number, cells, problem


class _Kept:
    """Lines on their way to the csv module, with those of the record that is being read."""

    def __init__(self, lines: Iterator[str], path: Path) -> None:
        self._lines = lines
        self._path = path
        self._begun = self._line = 1
        self._of_record: list[str] = []
        self._chars = 0

    def begin(self) -> int:
        """A new record begins; returns the number of its first line."""
        self._of_record.clear()
        self._chars, self._begun = 0, self._line
        return self._begun

    def text(self) -> str:
        return "".join(self._of_record)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._line += 1
        self._chars += len(line)
        if self._chars > ROW_BYTES_MAX:
            raise SettingsError(
                f"{self._path}: the row that begins at line {self._begun} has more than {ROW_BYTES_MAX:,} characters",
                hint="is there a quote that is never closed?",
            )
        self._of_record.append(line)
        return line
