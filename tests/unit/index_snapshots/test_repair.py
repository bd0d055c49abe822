"""Dead nodes are taken out of a graph, and what is left is a graph that finds as much."""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from index_snapshots.codes import codes
from index_snapshots.graph import Queries, chosen
from index_snapshots.reach import with_all_reached
from index_snapshots.repair import NONE, Links, places, repaired, start, width
from tests.unit.index_snapshots.clustered import built, clustered, grown, recall

ROWS = 1_500
CHURNED = 5_000
EF = 64


@cache
def links() -> Links:
    return built(clustered(ROWS)).links()


def some(share: float, count: int = ROWS, seed: int = 5) -> npt.NDArray[np.bool_]:
    return np.random.default_rng(seed).random(count) < share


def lists(of: Links, level: int) -> list[tuple[int, list[int]]]:
    """Each node on a level with its links there, NONE included."""
    begin = of.offsets[:-1] + start(level)
    return [
        (node, of.neighbours[begin[node] : begin[node] + width(level)].tolist())
        for node in np.flatnonzero(of.levels > level).tolist()
    ]


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.999])
def test_links_lead_to_the_living_once_each_and_never_to_oneself(share: float) -> None:
    """`share` of the nodes live."""
    alive = some(share)
    found = repaired(links(), alive)
    assert found.linked.tolist() == alive.tolist()
    assert (np.diff(found.offsets) == np.where(alive, np.diff(links().offsets), width(0))).all()
    for level in range(int(found.levels.max())):
        there = set(np.flatnonzero(alive & (found.levels > level)).tolist())
        for node, row in lists(found, level):
            if not alive[node]:
                assert row == [node] + [NONE] * (width(0) - 1)
                continue
            real = [one for one in row if one != NONE]
            assert row == real + [NONE] * (width(level) - len(real))
            assert len(real) == len(set(real))
            assert set(real) <= there - {node}


def test_the_living_keep_their_places_levels_and_what_they_linked_to() -> None:
    alive = some(0.7)
    found, old = repaired(links(), alive), links()
    assert found.levels.tolist() == np.where(alive, old.levels, 1).tolist()
    before = dict(lists(old, 0))
    for node, row in lists(found, 0):
        if alive[node]:
            assert {one for one in before[node] if one != NONE and alive[one]} <= set(row)


def test_what_was_taken_out_stays_out() -> None:
    first = some(0.7)
    once = repaired(links(), first)
    second = first & some(0.7, seed=6)
    again = repaired(once, second)
    assert again.linked.tolist() == second.tolist()
    led_to = again.neighbours[np.repeat(second, np.diff(again.offsets))]
    assert set(led_to.tolist()) <= {NONE, *np.flatnonzero(second).tolist()}


def test_the_entry_lives_and_stands_highest() -> None:
    alive = np.ones(ROWS, dtype=np.bool_)
    alive[np.flatnonzero(links().levels == links().levels.max())] = False  # the old one is among these
    found = repaired(links(), alive)
    assert alive[found.entry] and found.levels[found.entry] == found.levels.max() < links().levels.max()


def test_the_last_one() -> None:
    alive = np.zeros(ROWS, dtype=np.bool_)
    alive[700] = True
    found = repaired(links(), alive)
    assert (np.flatnonzero(found.linked).tolist(), found.entry) == ([700], 700)
    assert set(found.neighbours[found.offsets[700] : found.offsets[701]].tolist()) == {NONE}


def test_nobody_died() -> None:
    found = repaired(links(), np.ones(ROWS, dtype=np.bool_))
    for level in range(int(found.levels.max())):
        assert [(node, set(row)) for node, row in lists(found, level)] == [
            (node, set(row)) for node, row in lists(links(), level)
        ]


@pytest.mark.parametrize("share", [0.005, 0.05, 0.5])
def test_a_search_finds_every_node_that_is_left(share: float) -> None:
    graph, alive = built(clustered(ROWS)), some(share)
    graph.put_links(repaired(graph.links(), alive))
    graph.relink(with_all_reached(graph.links()))
    limit = min(10, int(alive.sum()))
    found, exact = (
        graph.search(Queries(codes(clustered(20, seed=9))), limit, ROWS)[1].copy(),
        graph.scan(Queries(codes(clustered(20, seed=9))), limit, chosen(np.packbits(alive, bitorder="little")))[1],
    )
    assert (found == exact).all()


def left_out(links: Links, alive: npt.NDArray[np.bool_]) -> Links:
    """Dead nodes just go, and with them the ways that led through them."""
    found = repaired(links, alive)
    for level in range(int(found.levels.max())):
        nodes = np.flatnonzero(alive & (found.levels > level))
        old = links.neighbours[places(links.offsets[nodes], level)]
        found.neighbours[places(found.offsets[nodes], level)] = np.where(np.append(alive, False)[old], old, NONE)
    return found


@pytest.mark.parametrize(("mend", "well"), [(repaired, True), (left_out, False)])
def test_recall_after_rounds_of_churn(mend: Callable[[Links, npt.NDArray[np.bool_]], Links], well: bool) -> None:
    """C9: six times a fifth of the rows dies and is replaced."""
    graph, queries, next_row = built(clustered(CHURNED)), clustered(300, seed=3), CHURNED
    fresh = recall(graph, queries, EF)
    for round_ in range(6):
        linked = np.flatnonzero(graph.linked())
        alive = np.zeros(len(graph), dtype=np.bool_)
        alive[linked[some(0.8, CHURNED, seed=round_)]] = True
        died = CHURNED - int(alive.sum())
        graph.put_links(mend(graph.links(), alive))
        grown(graph, clustered(died, seed=100 + round_), next_row)
        graph.relink(with_all_reached(graph.links()))
        next_row += died
    assert fresh >= 0.98
    assert (recall(graph, queries, EF) >= 0.97) is well
