"""Rows that cannot become products, beside their reason: JSON Lines, or for tables the same columns to be mended."""

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

import orjson

from freshet.imports.product_lines import Refused
from freshet.imports.readers.delimited import OURS
from freshet.imports.readers.rows import Source
from schemas.errors import FreshetError

COLUMNS = [f"{OURS}{name}" for name in ("line", "reason", "message")]
"""Before the file's own columns; they are left out when the mended file is imported."""


def rejected_path(file: Path, source: Source) -> Path:
    """`products.csv.rejected.csv` for a table, `products.jsonl.rejected.jsonl` for all else."""
    ending = "jsonl" if source.header is None else "csv"
    return file.with_name(f"{file.name}.rejected.{ending}")


class RejectedFile:
    """The file is made when the first row comes, and begins anew with each import that does not go on."""

    def __init__(self, path: Path, header: list[str] | None = None) -> None:
        self.path = path
        self._header = header
        self._used = False

    def add(self, row: Refused) -> None:
        text = self._json(row) if self._header is None else self._cells(row)
        self._write("ab" if self._used else "wb", text)
        self._used = True

    def go_on(self, last: int) -> int:
        """Keeps what an earlier part of the import rejected, up to the row with the number `last`. Returns how many."""
        if not self.path.is_file():
            return 0
        part = self.path.with_name(self.path.name + ".part")
        kept = 0
        with part.open("wb") as out:
            for number, begins, text in self._entries():
                if number <= last:
                    out.write(text)
                    kept += begins
        os.replace(part, self.path)
        self._used = kept > 0
        return kept

    def _entries(self) -> Iterator[tuple[int, bool, bytes]]:
        """Number, whether a rejected row begins here, and the text of each line; a table's header has number 0."""
        if self._header is None:
            with self.path.open("rb") as lines:
                for line in lines:
                    try:
                        yield int(orjson.loads(line)["number"]), True, line
                    except (orjson.JSONDecodeError, KeyError, TypeError):
                        continue  # cut by a kill in the middle of a write
            return
        with self.path.open(encoding="utf-8", errors="replace", newline="") as text:  # a kill cuts inside a character
            for cells in csv.reader(text):
                if cells[:1] == COLUMNS[:1]:
                    yield 0, False, _line(cells)
                elif len(cells) >= len(COLUMNS) and cells[0].isdigit():
                    yield int(cells[0]), bool(cells[1]), _line(cells)  # further lines of a product have no reason

    def _json(self, row: Refused) -> bytes:
        return orjson.dumps(row._asdict(), option=orjson.OPT_APPEND_NEWLINE)

    def _cells(self, row: Refused) -> bytes:
        lines = row.original if isinstance(row.original, list) else [[row.original]]
        head = b"" if self._used else _line([*COLUMNS, *(self._header or [])])
        why = [str(row.number), row.reason, row.message]
        more = [str(row.number), "", ""]
        return head + b"".join(_line([*(more if place else why), *cells]) for place, cells in enumerate(lines))

    def _write(self, mode: str, text: bytes) -> None:
        try:
            with self.path.open(mode) as out:
                out.write(text)
        except OSError as error:
            raise FreshetError(
                f"cannot write the rejected lines to {self.path}: {error.strerror}",
                hint="name another file with --rejected",
            ) from error


def _line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode("utf-8", "replace")
