"""Takes dead nodes out of an HNSW graph: whoever linked to a dead node links to one of its living neighbours instead.

A hundredth of the cost of building the graph anew, and the recall that the new links lose is won back by a slightly
larger `ef`, which each merge measures (docs/adr/0008-segments.md). Only whole numbers: the same bytes on every machine.
The dead keep their places, so that codes and vectors stay where they are, and their files as they are.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from index_snapshots.codes import LINKS

NONE: Final = -1
BLOCK_NODES: Final = 16_384
SPREAD: Final = 7_919
"""A prime: so that neighbours of one dead node do not all choose the same heir."""

Numbers = npt.NDArray[np.int32]


class Links(NamedTuple):
    """The links of a graph as FAISS lays them out."""

    levels: Numbers
    """On how many levels each node stands, (n,)."""
    offsets: npt.NDArray[np.int64]
    """Where the links of each node begin in `neighbours`, (n + 1,)."""
    neighbours: Numbers
    """Nodes, ended by NONE: for each node 2 * LINKS on the lowest level, then LINKS on each higher one. A node that was
    taken out stands on one level and links to itself alone, as no other does: FAISS wants all to have a place."""
    entry: int

    @property
    def linked(self) -> npt.NDArray[np.bool_]:
        """Which nodes were not taken out, (n,)."""
        return np.asarray(self.neighbours[self.offsets[:-1]] != np.arange(len(self.levels)))


def width(level: int) -> int:
    """Links of a node on one level."""
    return LINKS if level else 2 * LINKS


def start(level: int) -> int:
    """Where a level's links begin among those of a node."""
    return (level + 1) * LINKS if level else 0


def places(begins: npt.NDArray[np.int64], level: int = 0) -> npt.NDArray[np.int64]:
    """Where in `neighbours` the links of one level lie, (n, width(level)), of nodes whose links begin there, (n,)."""
    return begins[:, None] + start(level) + np.arange(width(level))


def repaired(links: Links, alive: npt.NDArray[np.bool_]) -> Links:
    """The graph of the living nodes (n,); the others keep their numbers but no links. At least one must live."""
    levels = np.where(alive, links.levels, 1).astype(np.int32)
    sizes = np.where(alive, np.diff(links.offsets), width(0))
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    neighbours = np.full(offsets[-1], NONE, dtype=np.int32)
    numbers = np.arange(len(alive), dtype=np.int32)
    neighbours[offsets[:-1][~alive]] = numbers[~alive]
    living = np.append(np.where(alive, numbers, NONE), NONE).astype(np.int32)
    for level in range(int(levels.max())):
        _repair_level(links, level, alive, living, offsets, neighbours)
    return Links(levels, offsets, neighbours, int(np.argmax(np.where(alive, levels, 0))))


def _repair_level(
    links: Links,
    level: int,
    alive: npt.NDArray[np.bool_],
    living: Numbers,
    offsets: npt.NDArray[np.int64],
    neighbours: Numbers,
) -> None:
    """Writes the links of one level of all living nodes into `neighbours`, which has those of each at its `offsets`.

    `living`: each node's number, NONE of a dead one; (n + 1,), the last one answers for NONE.
    """
    there = links.levels > level
    dead = np.flatnonzero(there & ~alive)
    heirs, counts = _living_first(_links_of(links, dead, level), living)
    place = np.zeros(len(alive), dtype=np.int32)
    place[dead] = np.arange(len(dead), dtype=np.int32)
    nodes_there = np.flatnonzero(there & alive)
    for begin in range(0, len(nodes_there), BLOCK_NODES):
        nodes = nodes_there[begin : begin + BLOCK_NODES]
        old = _links_of(links, nodes, level)
        new = living[old]
        row, column = np.nonzero((old != NONE) & (new == NONE))
        gone = place[old[row, column]]
        count = counts[gone]
        pick = (nodes[row] * SPREAD + column) % np.maximum(count, 1)
        new[row, column] = np.where(count > 0, heirs[gone, pick], NONE)
        neighbours[places(offsets[nodes], level)] = _once(new, nodes.astype(np.int32))


def _links_of(links: Links, nodes: npt.NDArray[Any], level: int) -> Numbers:
    """(len(nodes), width(level)), ended by NONE."""
    return np.asarray(links.neighbours[places(links.offsets[nodes], level)])


def _living_first(old: Numbers, living: Numbers) -> tuple[Numbers, npt.NDArray[np.int64]]:
    """Each row's living nodes, moved to its front, and how many they are."""
    new = living[old]
    return np.take_along_axis(new, np.argsort(new == NONE, axis=1, kind="stable"), axis=1), (new != NONE).sum(axis=1)


def _once(new: Numbers, own: Numbers) -> Numbers:
    """Without links to oneself and without the second of two equal ones; NONE at the end."""
    new[new == own[:, None]] = NONE
    order = np.argsort(new, axis=1, kind="stable")
    ordered = np.take_along_axis(new, order, axis=1)
    again = np.zeros(new.shape, dtype=np.bool_)
    np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    new[again] = NONE
    return np.take_along_axis(new, np.argsort(new == NONE, axis=1, kind="stable"), axis=1)
