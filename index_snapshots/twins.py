"""Rows with equal codes: linked by HNSW, they link to each other only, an island that searches do not leave.

So only the first of them is linked that way. The second hangs on it by one link, and the others on the second as a
tree: a search that comes near finds them all, and every other search passes by.
"""

from collections.abc import Iterator
from itertools import compress

import numpy as np
import numpy.typing as npt
import xxhash

from index_snapshots.codes import LINKS
from index_snapshots.repair import NONE, Links, Numbers, places, width

Codes = npt.NDArray[np.uint8]
"""(n, dim)."""


class Twins:
    """Which elements of a graph that grows have equal codes."""

    def __init__(self, codes: Codes, linked: npt.NDArray[np.bool_]) -> None:
        """`codes`: what the graph holds already; `linked` (n,): which of it was not taken out."""
        self._hashes, self._order = _by_hash(codes, linked)
        self._equal: dict[int, list[int]] = {}
        """By the hash of a code its elements, for the codes that were asked for."""
        self._apart: list[tuple[int, int]] = []
        """Elements that no link may lead to yet, each after the one that it will hang on."""
        for equal in _groups(self._hashes, self._order):
            self._apart += ((equal[above(nth)], equal[nth]) for nth in range(1, len(equal)))

    def put(self, code: npt.NDArray[np.uint8], element: int) -> bool:
        """A new element; whether it is to stay apart from the links because an equal one is there."""
        key = xxhash.xxh3_64_intdigest(code.data)
        equal = self._equal.get(key)
        if equal is None:
            begin, end = (self._hashes.searchsorted(np.uint64(key), side) for side in ("left", "right"))
            equal = self._equal[key] = self._order[begin:end].tolist()
        equal.append(element)
        if len(equal) > 1:
            self._apart.append((equal[above(len(equal) - 1)], element))
        return len(equal) > 1

    @property
    def apart(self) -> bool:
        """Whether `hung` would change anything."""
        return bool(self._apart)

    def hung(self, links: Links) -> Numbers:
        """The neighbours, with those that were apart."""
        neighbours = links.neighbours
        for parent, element in self._apart:
            for one, other in ((parent, element), (element, parent)):
                begin = links.offsets[one]
                mine = neighbours[begin : begin + width(0)]
                free = np.flatnonzero((mine == NONE) | (mine == other))
                mine[free[0] if len(free) else width(0) - 1 - element % LINKS] = other
        self._apart.clear()
        return neighbours


def handed_over(links: Links, codes: Codes, alive: npt.NDArray[np.bool_]) -> Links:
    """Of equal elements the first has the links: where it is dead, the first of the living takes them over."""
    heirs = np.append(np.arange(len(codes), dtype=np.int32), np.int32(NONE))  # the last one answers for NONE
    for equal in _groups(*_by_hash(codes, links.linked)):
        living = [element for element in equal if alive[element]]
        if living and living[0] != equal[0]:
            heirs[equal[0]] = living[0]
    firsts = np.flatnonzero(heirs[:-1] != np.arange(len(codes)))
    if not len(firsts):
        return links
    lowest = places(links.offsets[:-1])
    table = links.neighbours[lowest]
    table[heirs[firsts]] = table[firsts]
    neighbours = links.neighbours.copy()
    neighbours[lowest] = heirs[table]
    return links._replace(neighbours=neighbours)


def above(nth: int) -> int:
    """Which of some equal elements the nth hangs on, in their order: the second on the first, else LINKS on each."""
    return 0 if nth == 1 else 1 + (nth - 2) // LINKS


def _by_hash(codes: Codes, linked: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The hashes of the codes of linked elements, ascending, and whose they are."""
    elements = np.flatnonzero(linked)
    hashes = np.fromiter(map(xxhash.xxh3_64_intdigest, compress(codes, linked)), np.uint64, len(elements))
    order = np.argsort(hashes, kind="stable")
    return hashes[order], elements[order]


def _groups(hashes: npt.NDArray[np.uint64], order: npt.NDArray[np.int64]) -> Iterator[list[int]]:
    """Elements with equal codes, ascending, where there are at least two."""
    ends = np.append(np.flatnonzero(hashes[1:] != hashes[:-1]) + 1, len(hashes))
    begins = np.append(0, ends[:-1])
    for at in np.flatnonzero(ends - begins > 1).tolist():
        yield order[begins[at] : ends[at]].tolist()
