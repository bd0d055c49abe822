"""Rows lie in files whose bounds follow from their places, and are read as if they lay in one."""

import gc
from pathlib import Path

import numpy as np
import pytest

from index_snapshots.row_pieces import PER_DOUBLING, ROWS_MIN, ends, mapped, shared

SMALL = ROWS_MIN * PER_DOUBLING
"""Up to here all files have ROWS_MIN rows."""


@pytest.mark.parametrize("count", [0, 1, ROWS_MIN, ROWS_MIN + 1, SMALL, SMALL + 1, 2 * SMALL + 5, 1_000_000])
def test_the_bounds_of_more_rows_begin_with_those_of_fewer(count: int) -> None:
    found = ends(count)
    assert found == sorted({*found}) and (found or [0])[-1] == count
    assert ends(2 * count + 1)[: len(found)][:-1] == found[:-1]
    begins = [0, *found]
    sizes = [end - begin for begin, end in zip(begins, found, strict=False)]
    assert all(size % ROWS_MIN == 0 and begin % size == 0 for size, begin in zip(sizes[:-1], begins, strict=False))
    assert max(sizes, default=0) <= max(ROWS_MIN, count / PER_DOUBLING)


def test_so_many_files() -> None:
    assert [len(ends(count)) for count in (ROWS_MIN, ROWS_MIN + 1, SMALL, 2 * SMALL)] == [1, 2, 32, 64]
    assert len(ends(1_000_000)) == 190 and len(ends(10_000_000)) == 295


def test_which_files_stay() -> None:
    for before, count, same in [
        (0, 9, 0),
        (9, 10, 0),
        (9, 9, 1),
        (ROWS_MIN, ROWS_MIN + 1, 1),
        (5 * ROWS_MIN + 7, SMALL, 5),
    ]:
        assert shared(before, count) == same


@pytest.mark.parametrize("sizes", [[3], [4096, 1], [4096, 8192, 5], [5, 7]], ids=str)
def test_files_are_read_as_one(tmp_path: Path, sizes: list[int]) -> None:
    """Also where they do not fill pages of memory."""
    dice, paths = np.random.default_rng(1), [tmp_path / str(at) for at in range(len(sizes))]
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(dice.bytes(size))
    found = mapped(paths)
    assert found.tobytes() == b"".join(path.read_bytes() for path in paths)
    part = found[1:]
    del found
    gc.collect()
    assert part.tobytes() == b"".join(path.read_bytes() for path in paths)[1:]


def test_a_mapping_ends_with_its_last_array(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(bytes(4096))
    found = mapped(paths)
    assert str(paths[0]) in Path("/proc/self/maps").read_text()
    del found
    gc.collect()
    assert str(paths[0]) not in Path("/proc/self/maps").read_text()


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(4096))
    with pytest.raises(FileNotFoundError):
        mapped([tmp_path / "a", tmp_path / "b"])
