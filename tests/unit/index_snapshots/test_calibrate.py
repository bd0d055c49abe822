"""The `ef` that a graph needs is measured, with what it does not hold yet."""

from collections.abc import Generator
from functools import cache

import numpy as np
import pytest

from index_snapshots.calibrate import (
    CHANGED_SHARE,
    LADDER,
    SAMPLE_ROWS,
    SAMPLE_ROWS_MIN,
    Calibration,
    Vectors,
    calibrating,
    drawn_by_hash,
    due,
    queries_like,
)
from index_snapshots.codes import codes
from index_snapshots.graph import Graph
from tests.unit.index_snapshots.clustered import built, clustered, recall

ROWS = 3_000


@cache
def graph() -> Graph:
    return built(clustered(ROWS))


@cache
def sample(count: int = SAMPLE_ROWS) -> Vectors:
    return clustered(count, seed=2).astype(np.float16)


def measured(of: Graph, queries: Vectors, wanted: float) -> Calibration:
    def whole() -> Generator[None, None, None]:
        found.append((yield from calibrating(of, queries, wanted)))

    found: list[Calibration] = []
    for _ in whole():
        pass
    return found[0]


def test_a_higher_recall_never_needs_less() -> None:
    found = [measured(graph(), sample(), wanted).ef for wanted in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)]
    assert found == sorted(found)
    assert found[0] < found[-1]


@pytest.mark.parametrize("wanted", [0.9, 0.95, 0.98])
def test_other_queries_find_what_was_asked_for(wanted: float) -> None:
    found = measured(graph(), sample(), wanted)
    assert found.recall >= wanted
    assert recall(graph(), clustered(1_000, seed=3), found.ef) >= wanted


def test_equal_rows_are_equally_good() -> None:
    """Which ten of two hundred equal rows a search finds says nothing about the graph."""
    rows = clustered(1_000)
    rows[::5] = rows[0]
    near = np.repeat(rows[:1], SAMPLE_ROWS, axis=0).astype(np.float16)
    assert measured(built(rows), near, 0.98) == Calibration(LADDER[0], 1.0)


def test_few_queries_are_not_believed() -> None:
    """Of ten right answers to one query nothing follows."""
    assert measured(graph(), sample(SAMPLE_ROWS_MIN - 1), 0.98).ef == LADDER[-1]
    assert measured(graph(), sample(SAMPLE_ROWS_MIN), 0.98).ef < LADDER[-1]


def test_queries_lie_between_rows() -> None:
    rows = sample()
    wide = rows.astype(np.float64)
    between = 3 * wide + np.roll(wide, len(wide) // 2, axis=0)
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    assert np.array_equal(queries_like(rows), codes(between))


def test_without_rows_or_queries_nothing_is_measured() -> None:
    for of, queries in ((graph(), sample()[:0]), (Graph.empty(64), sample())):
        assert measured(of, queries, 0.98) == Calibration(LADDER[-1], 1.0)


def test_fewer_rows_than_neighbours() -> None:
    assert measured(built(clustered(3)), sample(), 0.98) == Calibration(LADDER[0], 1.0)


@pytest.mark.parametrize("count", [0, 1, SAMPLE_ROWS, SAMPLE_ROWS + 1, 5_000])
def test_the_sample_is_spread_over_all(count: int) -> None:
    drawn = drawn_by_hash(count)
    assert len(drawn) == len(set(drawn.tolist())) == min(count, SAMPLE_ROWS)
    assert drawn.tolist() == sorted(drawn.tolist())
    assert all(0 <= at < count for at in drawn.tolist())
    if count == 5_000:
        assert (np.histogram(drawn, bins=8, range=(0, count))[0] >= SAMPLE_ROWS // 16).all()


def test_due_after_so_many_changes() -> None:
    before = Calibration(48, 0.99, changed=100)
    enough = int(CHANGED_SHARE * 1_000) - before.changed
    assert not due(1_000, before, enough - 1, SAMPLE_ROWS_MIN)
    assert due(1_000, before, enough, SAMPLE_ROWS_MIN)
    assert not due(1_000, before, 1_000, SAMPLE_ROWS_MIN - 1)  # by too few new rows
    assert due(1, None, 0, 1)
