"""A merge makes a segment of the rows that are kept; rows, vectors and graph agree, and files are named by content."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import xxhash

from index_snapshots.codes import codes, levels
from index_snapshots.graph import Queries
from index_snapshots.merge import FromHead, FromSegment, Merge, Segment, mapped_rows, mapped_vectors, merge, opened
from tests.unit.index_snapshots.clustered import clustered

DIM = 64
HEAD = 400

Mask = npt.NDArray[np.bool_]


@cache
def written(number: int) -> npt.NDArray[np.float16]:
    """The vectors of one head."""
    return clustered(HEAD, DIM, seed=number)


def head(number: int, kept: Mask) -> FromHead:
    first = number * HEAD
    heights = np.array([levels(f"sku-{row}") for row in range(first, first + HEAD)], dtype=np.uint8)
    return FromHead(first, written(number), heights, kept)


def every(nth: int, size: int = HEAD) -> Mask:
    return np.asarray(np.arange(size) % nth == 0)


def merged(folder: Path, base: FromSegment | None, *added: FromHead | FromSegment) -> Segment:
    folder.mkdir()
    return merge(Merge(folder, DIM, 0.98, base, added))


def agrees(segment: Segment, rows: list[int], gone: frozenset[int] = frozenset()) -> None:
    """`gone`: rows that stand in no graph any more."""
    vectors = np.array([written(row // HEAD)[row % HEAD] for row in rows])
    assert segment.size == len(rows)
    assert mapped_rows(segment.files.rows).tolist() == rows
    assert (mapped_vectors(segment) == vectors).all()
    graph = opened(segment)
    assert (graph.codes() == codes(vectors).astype(np.uint8)).all()
    assert graph.links().levels.tolist() == [1 if row in gone else levels(f"sku-{row}") for row in rows]
    assert segment.dropped == len(gone)
    for path in segment.files.all:
        assert path.name.partition("-")[0] == xxhash.xxh3_128_hexdigest(path.read_bytes())


@pytest.mark.parametrize("dead", [1, 2])
def test_heads_become_a_segment_that_grows(tmp_path: Path, dead: int) -> None:
    """`dead` 1: all live; 2: every other row."""
    one = merged(tmp_path / "1", None, head(0, every(dead)), head(1, every(1)))
    rows = [*range(0, HEAD, dead), *range(HEAD, 2 * HEAD)]
    agrees(one, rows)
    small = merged(tmp_path / "2", None, head(2, every(3)))
    kept = every(dead, one.size)
    both = merged(tmp_path / "3", FromSegment(one, kept), FromSegment(small, every(1, small.size)), head(3, every(7)))
    gone = frozenset(row for row, keep in zip(rows, kept, strict=True) if not keep)
    agrees(both, [*rows, *range(2 * HEAD, 3 * HEAD, 3), *range(3 * HEAD, 4 * HEAD, 7)], gone)


def test_what_was_taken_out_stays_and_is_found_no_more(tmp_path: Path) -> None:
    """Round after round half of what was there goes; the segment tells of all of it, its graph of none."""
    segment = merged(tmp_path / "0", None, head(0, every(1)))
    gone = frozenset[int]()
    for number in range(1, 4):
        kept = np.array([row not in gone and row % 3 != number % 3 for row in range(segment.size)])
        gone |= frozenset(np.flatnonzero(~kept).tolist())
        segment = merged(tmp_path / str(number), FromSegment(segment, kept), head(number, every(1)))
        agrees(segment, list(range((number + 1) * HEAD)), gone)
        near = opened(segment).search(Queries(codes(mapped_vectors(segment))), 1, 64)[1].ravel()
        assert not gone & set(near.tolist()) and len(set(near.tolist())) > 0.9 * (segment.size - len(gone))


def test_a_merge_writes_none_of_the_files_of_rows_that_stay(tmp_path: Path) -> None:
    """Even where rows were taken out of the graph: only the last one, which was not full, is another."""
    many = 8
    base = merged(tmp_path / "1", None, *(head(number, every(1)) for number in range(many)))
    kept = every(10, base.size) ^ True
    grown = merged(tmp_path / "2", FromSegment(base, kept), head(many, every(1)))
    assert [len(files) for files in (base.files.vectors, base.files.codes, grown.files.codes)] == [4, 4, 4]
    for before, after in zip(base.files[2:], grown.files[2:], strict=True):
        assert [path.name for path in after[:-1]] == [path.name for path in before[:-1]] != []
        assert all(one.samefile(other) for one, other in zip(before[:-1], after[:-1], strict=True))
        assert after[-1].name != before[-1].name
    assert grown.files.graph.name != base.files.graph.name


@pytest.mark.parametrize("alive", [1, 2, 3])
def test_few_rows(tmp_path: Path, alive: int) -> None:
    agrees(merged(tmp_path / "1", None, head(0, np.arange(HEAD) < alive)), list(range(alive)))


def test_nothing_is_added(tmp_path: Path) -> None:
    """All rows of the heads died; a third of the base did, and its `ef` is as it was."""
    base = merged(tmp_path / "1", None, head(0, every(1)))
    kept = ~every(3)
    found = merged(tmp_path / "2", FromSegment(base, kept), head(1, every(1) & False))
    agrees(found, list(range(HEAD)), frozenset(np.flatnonzero(~kept).tolist()))
    assert found.calibration.ef == base.calibration.ef
    assert found.calibration.changed == base.calibration.changed + int((~kept).sum())


def test_the_same_merge_gives_the_same_bytes(tmp_path: Path) -> None:
    names = [merged(tmp_path / part, None, head(0, every(2)), head(1, every(1))).name for part in "ab"]
    assert names[0] == names[1]
    assert names[0] != merged(tmp_path / "c", None, head(0, every(2)), head(2, every(1))).name


def test_what_cannot_be_written_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        merge(Merge(tmp_path / "gone", DIM, 0.98, None, (head(0, every(1)),)))
