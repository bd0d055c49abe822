"""Parquet with the types that tools write, and damaged."""

import datetime
import decimal
from pathlib import Path
from typing import Any

import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from freshet.imports.readers.parquet import BATCH_ROWS, Parquet, plain
from schemas.errors import SettingsError
from tests.unit.readers.files import values


def written(path: Path, columns: dict[str, tuple[list[Any], DataType]]) -> Path:
    arrays: dict[str, Any] = {name: Array(items, type=kind) for name, (items, kind) in columns.items()}
    write_parquet(Table.from_pydict(arrays), path)
    return path


def test_values_keep_their_types(tmp_path: Path) -> None:
    file = written(
        tmp_path / "p.parquet",
        {
            "sku": (["a", None], DataType.utf8()),
            "stock": ([3, 4], DataType.int64()),
            "price": ([1.5, float("nan")], DataType.float64()),
            "new": ([True, False], DataType.bool()),
        },
    )
    assert values(Parquet(file)) == [
        {"sku": "a", "stock": 3, "price": 1.5, "new": True},
        {"sku": None, "stock": 4, "price": None, "new": False},
    ]


@pytest.mark.parametrize(
    ("value", "as_json"),
    [
        (datetime.datetime(2010, 12, 1, 8, 26), "2010-12-01T08:26:00"),
        (datetime.date(2010, 12, 1), "2010-12-01"),
        (decimal.Decimal("19.99"), 19.99),
        (float("inf"), None),
        (b"caf\xc3\xa9", "café"),
        ({"a": [datetime.date(2010, 1, 2)]}, {"a": ["2010-01-02"]}),
        (datetime.timedelta(seconds=90), "0:01:30"),
    ],
)
def test_what_json_does_not_know(value: Any, as_json: Any) -> None:
    assert plain(value) == as_json


@pytest.mark.parametrize("rows", [BATCH_ROWS, BATCH_ROWS + 1])
def test_rows_are_counted_over_batches_and_progress_ends_at_the_size(tmp_path: Path, rows: int) -> None:
    file = written(tmp_path / "p.parquet", {"n": (list(range(rows)), DataType.int64())})
    found = list(Parquet(file).rows())
    assert [row.value for row in found] == [{"n": number} for number in range(rows)]
    assert found[-1].number == rows and found[-1].bytes_read == file.stat().st_size


def test_no_rows(tmp_path: Path) -> None:
    file = written(tmp_path / "p.parquet", {"n": ([], DataType.int64())})
    assert list(Parquet(file).rows()) == []


def test_a_cut_file_and_a_damaged_one_are_named(tmp_path: Path) -> None:
    file = written(tmp_path / "p.parquet", {"n": (list(range(5_000)), DataType.int64())})
    whole = file.read_bytes()
    for damaged in (whole[:-30], whole[:4] + b"\xff" * 60 + whole[64:]):
        file.write_bytes(damaged)
        with pytest.raises(SettingsError, match=r"cannot read .*p\.parquet as Parquet"):
            values(Parquet(file))
