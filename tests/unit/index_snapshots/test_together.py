"""Filters that whole clusters pass are told from those that any row may pass; of both the right rows are found."""

import numpy as np
import pytest

from index_snapshots.codes import codes, levels
from index_snapshots.filters import Mask
from index_snapshots.graph import Graph
from index_snapshots.together import FILTERS_MAX, Neighbours
from tests.unit.index_snapshots.clustered import clustered

ROWS = 2_000


@pytest.fixture(scope="module")
def vectors() -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
    return np.asarray(clustered(ROWS, 32))


@pytest.fixture(scope="module")
def neighbours(vectors: np.ndarray[tuple[int, int], np.dtype[np.float16]]) -> Neighbours:
    graph = Graph.empty(32)
    for at, code in enumerate(codes(vectors)):
        graph.add(code[None], levels(f"sku-{at}"))
    return Neighbours(graph, np.arange(ROWS, dtype=np.int32))


def mask(passing: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Mask:
    return Mask((np.packbits(passing, bitorder="little").tobytes(),), (int(passing.sum()),), ROWS)


@pytest.mark.parametrize("share", [0.4, 0.5, 0.9])
def test_a_half_space_lies_together_and_rows_at_random_do_not(
    share: float, vectors: np.ndarray[tuple[int, int], np.dtype[np.float16]], neighbours: Neighbours
) -> None:
    side = vectors.astype(np.float64) @ vectors[0].astype(np.float64)
    assert neighbours.together(mask(side > np.quantile(side, 1 - share)))
    assert not neighbours.together(mask(np.random.default_rng(1).random(ROWS) < share))


def test_what_none_and_what_all_pass_does_not(neighbours: Neighbours) -> None:
    assert not neighbours.together(mask(np.zeros(ROWS, np.bool_)))
    assert not neighbours.together(mask(np.ones(ROWS, np.bool_)))


def test_a_row_without_links_counts_for_nothing() -> None:
    graph = Graph.empty(32)
    graph.add_apart(codes(clustered(1, 32)))
    assert not Neighbours(graph, np.zeros(1, np.int32)).together(mask(np.ones(ROWS, np.bool_)))


def test_so_many_filters_are_remembered(neighbours: Neighbours) -> None:
    for at in range(FILTERS_MAX + 1):
        neighbours.together(mask(np.arange(ROWS) == at))
    assert len(neighbours._known) <= FILTERS_MAX
