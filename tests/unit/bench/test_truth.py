"""The exact neighbours agree with a plain sort in float64; recall counts what was found of them."""

import numpy as np
import pytest

from bench.truth import nearest, recall
from bench.workload import Workload

WORKLOAD = Workload(rows=2_000, dim=64)
VECTORS = WORKLOAD.catalogue(0, 2_000)
QUERIES = WORKLOAD.queries(20)


def by_sorting(passing: np.ndarray, k: int) -> list[list[int]]:
    scores = QUERIES.astype(np.float64) @ VECTORS.astype(np.float64).T
    return [[int(row) for row in np.argsort(-line, kind="stable") if passing[row]][:k] for line in scores]


@pytest.mark.parametrize("scan_rows", [64, 300, 16_384])
def test_nearest_is_what_a_full_sort_finds(scan_rows: int) -> None:
    found = nearest(VECTORS, QUERIES, 10, scan_rows=scan_rows)
    assert [line.tolist() for line in found] == by_sorting(np.ones(2_000, dtype=bool), 10)


@pytest.mark.parametrize("share", [0.5, 0.05, 0.003, 0.0])
def test_only_rows_that_pass_are_found_and_all_of_them_when_few_do(share: float) -> None:
    passing = np.random.default_rng(1).random(2_000) < share
    found = nearest(VECTORS, QUERIES, 10, passing)
    assert [line.tolist() for line in found] == by_sorting(passing, 10)
    assert all(len(line) == min(10, passing.sum()) for line in found)


def test_equal_rows_come_in_the_order_of_their_number() -> None:
    twice = np.concatenate([VECTORS, VECTORS])
    best = nearest(twice, QUERIES, 4)
    assert all(line[1] == line[0] + 2_000 and line[3] == line[2] + 2_000 for line in best)


def test_recall_is_the_mean_share_of_the_true_neighbours() -> None:
    exact = [np.array([1, 2, 3, 4]), np.array([5, 6])]
    assert recall([[1, 2, 3, 4], [5, 6]], exact) == 1.0
    assert recall([[1, 2, 9, 9], [6]], exact) == 0.5
    assert recall([[], []], exact) == 0.0


def test_a_query_without_neighbours_lowers_nothing() -> None:
    assert recall([[], [3]], [np.array([], dtype=np.int64), np.array([3])]) == 1.0
    assert recall([], []) == 1.0


def test_answers_and_truth_must_be_of_the_same_queries() -> None:
    with pytest.raises(ValueError, match="1 answers for 0 queries"):
        recall([[1]], [])
