"""Makes every node of a graph reachable: a product that no link leads to is never found, whatever the `ef`."""

import numpy as np
import numpy.typing as npt

from index_snapshots.repair import NONE, Links, Numbers, places, width


def with_all_reached(links: Links) -> Numbers:
    """The neighbours (as in `Links`), changed where the lowest level did not lead from the entry to every node.

    HNSW does not promise that by itself: pruning and repairing can take the last link to a node. Each node left out
    gets a link from a neighbour of its own, in a free place or in that of a link that nothing depends on.
    """
    if _all_reached(links):
        return links.neighbours
    lowest = places(links.offsets[:-1])
    tree = _Tree(links.neighbours[lowest], links.linked)
    tree.grow(links.entry)
    for node in np.flatnonzero(~tree.reached).tolist():
        if not tree.reached[node]:
            tree.bridge(node)
    neighbours = links.neighbours.copy()
    neighbours[lowest] = tree.table
    return neighbours


def _all_reached(links: Links) -> bool:
    """The usual case, found without the tree."""
    reached = np.append(~links.linked, True)  # what was taken out is not missed; the last one answers for NONE
    reached[links.entry] = True
    edge = np.array([links.entry])
    while len(edge):
        targets = links.neighbours[places(links.offsets[edge])].ravel()
        targets = targets[~reached[targets]]
        reached[targets] = True
        edge = _once(targets)
    return bool(reached.all())


def _once(nodes: Numbers) -> Numbers:
    """Each node once, in some order; sorting them would take longer."""
    if not len(nodes):
        return nodes
    last = np.zeros(int(nodes.max()) + 1, dtype=np.int32)
    order = np.arange(len(nodes), dtype=np.int32)
    last[nodes] = order
    return np.asarray(nodes[last[nodes] == order])


class _Tree:
    """What is reached, and the links by which each node was reached first: those must stay."""

    def __init__(self, table: Numbers, linked: npt.NDArray[np.bool_]) -> None:
        """`table`: the links of each node, (n, width(0)), ended by NONE; `linked` (n,): which were not taken out."""
        self.table = table
        self.reached = ~linked
        self._needed = np.repeat(~linked[:, None], table.shape[1], axis=1)  # of what was taken out no link is free
        self._roomy = 0

    def grow(self, node: int) -> None:
        """Reaches `node` and all that it leads to."""
        self.reached[node] = True
        edge = np.array([node])
        while len(edge):
            targets = self.table[edge].ravel()
            new = np.flatnonzero((targets != NONE) & ~self.reached[targets])
            found, first = np.unique(targets[new], return_index=True)
            at = new[first]
            self._needed[edge[at // width(0)], at % width(0)] = True
            self.reached[found] = True
            edge = found

    def bridge(self, node: int) -> None:
        """Links a node that is not reached from one that is."""
        own = self.table[node]
        near = [one for one in own[own != NONE].tolist() if self.reached[one]]
        source = next((one for one in near if not self._needed[one].all()), None)
        if source is None:  # none of its neighbours can
            source = self._with_room()
        free = self.table[source] == NONE
        place = int(np.argmax(free)) if free.any() else int(np.flatnonzero(~self._needed[source])[-1])
        self.table[source, place] = node
        self._needed[source, place] = True
        self.grow(node)

    def _with_room(self) -> int:
        """A reached node with a place to spare. There is one: a link to each reached node is all that is needed."""
        while not self.reached[self._roomy] or self._needed[self._roomy].all():
            self._roomy = (self._roomy + 1) % len(self.table)
        return self._roomy
