"""Parquet, batch by batch, by arro3 (docs/adr/0007-parquet-by-arro3.md)."""

import datetime
import decimal
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from freshet.imports.readers.rows import Row
from schemas.errors import SettingsError

MAGIC = b"PAR1"
BATCH_ROWS = 1_024
PANIC = "PanicException"


@dataclass(frozen=True)
class Parquet:
    """Values keep their types; dates and times become ISO 8601, decimals numbers, NaN is absent."""

    path: Path
    format: str = "parquet"
    header: None = None

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def rows(self) -> Iterator[Row]:
        count = max(1, sum(batch.num_rows for batch in self._batches()))  # the footer's count is not offered
        size, number = self.path.stat().st_size, 0
        for batch in self._batches():
            names = batch.column_names
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                number += 1
                value = {name: plain(item) for name, item in zip(names, values, strict=True)}
                yield Row(number, value, bytes_read=size * number // count)

    def _batches(self) -> Iterator[Any]:
        from arro3.io import read_parquet

        try:
            with self.path.open("rb") as file:
                if not _has_footer(file):
                    raise ValueError("it does not end as Parquet does")
                yield from read_parquet(file, batch_size=BATCH_ROWS)
        except GeneratorExit:
            raise
        except BaseException as error:
            # arro3 raises plain exceptions, and Rust's panics as BaseException, with the words of arrow-rs.
            if not isinstance(error, Exception) and type(error).__name__ != PANIC:
                raise
            raise SettingsError(f"cannot read {self.path} as Parquet: {error}", hint="is the file whole?") from error


def _has_footer(file: BinaryIO) -> bool:
    """A file that was cut has none, and arro3 panics on it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - len(MAGIC)))
    ends = file.read()
    file.seek(0)
    return ends == MAGIC


def plain(value: Any) -> Any:
    """The value as JSON knows it. Pure."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)
