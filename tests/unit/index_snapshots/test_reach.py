"""Whatever became of a graph's links, they lead from the entry to every node."""

import numpy as np
import pytest

from index_snapshots.codes import LINKS
from index_snapshots.reach import with_all_reached
from index_snapshots.repair import NONE, Links, Numbers, repaired, width


def lowest(nodes: int, table: dict[int, list[int]], entry: int) -> Links:
    """A graph of one level."""
    neighbours = np.full((nodes, width(0)), NONE, dtype=np.int32)
    for node, targets in table.items():
        neighbours[node, : len(targets)] = targets
    offsets = np.arange(nodes + 1, dtype=np.int64) * width(0)
    return Links(np.ones(nodes, dtype=np.int32), offsets, neighbours.ravel(), entry)


def reached(links: Links, neighbours: Numbers) -> set[int]:
    """By the plainest walk there is."""
    seen, ahead = {links.entry}, [links.entry]
    while ahead:
        begin = links.offsets[ahead.pop()]
        new = {node for node in neighbours[begin : begin + width(0)].tolist() if node != NONE} - seen
        seen |= new
        ahead += new
    return seen


def well_formed(links: Links, neighbours: Numbers) -> bool:
    rows = [neighbours[begin : begin + width(0)].tolist() for begin in links.offsets[:-1]]
    return all(NONE not in row[: width(0) - row.count(NONE)] for row in rows)


@pytest.mark.parametrize("entry", [0, 50, 99])
@pytest.mark.parametrize("islands", [1, 2, 7, 33])
def test_islands_are_joined(entry: int, islands: int) -> None:
    """An island is a ring; there may be more of them than one node has places."""
    rings = {
        node: [node - islands if node >= islands else node + (99 - node) // islands * islands] for node in range(100)
    }
    links = lowest(100, {node: [to] for node, (to,) in rings.items() if to != node}, entry)
    neighbours = with_all_reached(links)
    assert reached(links, neighbours) == set(range(100))
    assert well_formed(links, neighbours)


@pytest.mark.parametrize("entry", [0, 150, 299])
def test_nodes_without_any_link_are_reached(entry: int) -> None:
    """So few survive of a large graph that none of their old neighbours does."""
    links = lowest(300, {}, entry)
    neighbours = with_all_reached(links)
    assert reached(links, neighbours) == set(range(300))
    assert well_formed(links, neighbours)


def test_a_link_that_others_are_reached_by_is_not_given_up() -> None:
    """All places of the entry lead to nodes that nothing else leads to; the last node links to the entry alone."""
    first = list(range(1, width(0) + 1))
    links = lowest(width(0) + 2, {0: first, 2: [1], width(0) + 1: [0]}, 0)
    neighbours = with_all_reached(links)
    assert reached(links, neighbours) == set(range(width(0) + 2))


def test_what_is_reached_already_is_left_alone() -> None:
    links = lowest(3, {0: [1], 1: [2], 2: [0]}, 0)
    assert with_all_reached(links) is links.neighbours


@pytest.mark.parametrize("entry", [1, 299])
def test_what_was_taken_out_is_left_out(entry: int) -> None:
    """Every other node was: no link leads to it, and none from it."""
    links = repaired(lowest(300, {}, entry), np.arange(300) % 2 == 1)
    neighbours = with_all_reached(links)
    assert len(neighbours) == 300 * width(0)
    assert reached(links, neighbours) == set(range(1, 300, 2))
    assert links._replace(neighbours=neighbours).linked.tolist() == links.linked.tolist()


def test_links_of_higher_levels_stay() -> None:
    """Node 0 stands on two levels; the lowest one loses nothing to the other."""
    neighbours = np.full(2 * width(0) + LINKS, NONE, dtype=np.int32)
    neighbours[width(0)] = 1
    offsets = np.array([0, width(0) + LINKS, 2 * width(0) + LINKS], dtype=np.int64)
    links = Links(np.array([2, 1], dtype=np.int32), offsets, neighbours, 0)
    found = with_all_reached(links)
    assert (found[0], found[width(0)]) == (1, 1)
    assert reached(links, found) == {0, 1}
