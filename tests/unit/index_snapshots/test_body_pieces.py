"""Which bodies a snapshot writes: those of new rows, and now and then what is worn; files stay few."""

import itertools
import random

import numpy as np
import pytest

from index_snapshots.body_pieces import PIECE_ROWS_MAX, SPARE_PIECES, Piece, Span, pieces_max, plan
from index_snapshots.manifest import StoredFile
from index_snapshots.parts import Rows

FILE = StoredFile(name="x", size=0, xxh3="", sha256="")


def rows(*numbers: int) -> Rows:
    return np.array(numbers, dtype=np.int64)


def written(spans: list[Span]) -> list[Piece]:
    """As pieces of the next snapshot."""
    return [span.piece or Piece(span.begin, span.end, span.rows, FILE) for span in spans]


def test_an_empty_shard_has_none() -> None:
    assert plan([], rows()) == []


@pytest.mark.parametrize(("count", "files"), [(1, 1), (PIECE_ROWS_MAX, 1), (PIECE_ROWS_MAX + 1, 2)])
def test_a_first_snapshot_writes_all_in_full_files(count: int, files: int) -> None:
    living = 3 * np.arange(count, dtype=np.int64)
    spans = plan([], living)
    assert [span.piece for span in spans] == [None] * files
    assert sum(span.rows for span in spans) == count and spans[0].rows == min(count, PIECE_ROWS_MAX)
    assert [span.end for span in spans[:-1]] == [span.begin for span in spans[1:]]
    assert (spans[0].begin, spans[-1].end) == (0, living[-1] + 1)


def test_five_per_cent_later_five_per_cent_are_written() -> None:
    before = written(plan([], np.arange(1_000)))
    living = np.concatenate([np.arange(50, 1_000), np.arange(1_000, 1_050)])
    kept, new = plan(before, living)
    assert kept.piece == before[0] and (new.begin, new.end, new.rows, new.piece) == (1_000, 1_050, 50, None)


@pytest.mark.parametrize(("living", "kept"), [(50, True), (49, False)])
def test_a_file_is_written_again_when_more_of_it_is_dead_than_alive(living: int, kept: bool) -> None:
    (span,) = plan([Piece(0, 100, 100, FILE)], np.arange(100 - living, 100))
    assert (span.piece is not None) is kept and span.rows == living


def test_one_without_a_living_row_goes() -> None:
    before = [Piece(0, 10, 10, FILE), Piece(10, 20, 10, FILE)]
    (span,) = plan(before, np.arange(10, 20))
    assert span.piece == before[1]


@pytest.mark.parametrize(("small", "joined"), [(10, True), (11, False)])
def test_new_rows_take_a_file_before_them_that_is_no_larger(small: int, joined: bool) -> None:
    before = [Piece(0, 100, 100, FILE), Piece(100, 100 + small, small, FILE)]
    spans = plan(before, np.arange(110 + small))
    assert [span.rows for span in spans] == ([100, small + 10] if joined else [100, small, 10])


@pytest.mark.parametrize(("more", "joined"), [(0, True), (1, False)])
def test_but_no_more_than_a_file_holds(more: int, joined: bool) -> None:
    half = PIECE_ROWS_MAX // 2
    spans = plan([Piece(0, half, half, FILE)], np.arange(2 * half + more))
    assert [span.rows for span in spans] == ([2 * half] if joined else [half, half + more])


@pytest.mark.parametrize(("spare", "all_again"), [(0, False), (1, True)])
def test_too_many_files_are_all_written_again(spare: int, all_again: bool) -> None:
    sizes = [40 - at for at in range(SPARE_PIECES + 2 + spare)]
    assert pieces_max(sum(sizes)) == SPARE_PIECES + 2
    begins = np.cumsum([0, *sizes]).tolist()
    before = [Piece(begin, begin + size, size, FILE) for begin, size in zip(begins[:-1], sizes, strict=True)]
    spans = plan(before, np.arange(begins[-1]))
    assert [span.piece for span in spans] == ([None] if all_again else before)


@pytest.mark.parametrize("hot", [1.0, 0.1, 0.01])
def test_over_a_long_life_files_stay_few_and_little_is_written(hot: float) -> None:
    """4,000 products, of which a share takes all the changes; 5 % of the rows change between two snapshots."""
    dice, products, changes = random.Random(3), 4_000, 200
    row_of = list(range(products))
    next_row, pieces, most, cost = products, written(plan([], np.arange(products))), 0, 0
    for _ in range(400):
        for _ in range(changes):
            row_of[int(dice.random() * hot * products)] = next_row
            next_row += 1
        spans = plan(pieces, np.array(sorted(row_of)))
        assert sum(span.rows for span in spans) == products
        assert all(one.end <= other.begin for one, other in itertools.pairwise(spans))
        cost += sum(span.rows for span in spans if span.piece is None)
        pieces = written(spans)
        most = max(most, len(pieces))
    assert most <= 12
    assert cost <= 400 * products / 4, "a quarter of the whole, on average, five times what has changed"
