"""The signs of a segment's codes: an eighth of their size, so that all rows that pass a filter are looked at quickly.

Two vectors that are near agree in most signs, so the nearest are among those that agree in the most; which of them they
are, their codes say. Signs are taken around the middle of each dimension, because embeddings lean to one side.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from index_snapshots.graph import BitRows, Bits, Chosen, Graph, Ids, Queries

MIDDLE_ROWS_MAX: Final = 4096
"""So many rows, evenly drawn, say where the middle is."""
BLOCK_ROWS: Final = 1024
"""Taken at once: what is worked on stays in the processor's cache, and other threads get their turn."""


class Signs:
    """Of all rows of one graph that does not grow: dim / 8 bytes per row. Searched by any number of threads."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        count = len(graph)
        drawn = graph.codes_of(np.arange(0, count, -(-count // MIDDLE_ROWS_MAX)))
        self._middle = (drawn.sum(axis=0, dtype=np.int64) // len(drawn)).astype(np.uint8)
        begins = range(0, count, BLOCK_ROWS)
        self._rows = BitRows(np.concatenate([self._signs(graph.codes(at, at + BLOCK_ROWS)) for at in begins]))

    def search(self, query: Queries, limit: int, among: Chosen) -> tuple[npt.NDArray[np.float32], Ids]:
        """At most `limit` of the chosen elements, those that agree with the one query in the most signs, in no order:
        the squared distances of their codes, as a graph gives them, and the elements, both (n,)."""
        elements = self._rows.scan(self._signs(query.codes)[0], limit, among)
        apart = self._graph.codes_of(elements).astype(np.float32)
        apart -= query.codes
        return np.asarray(np.vecdot(apart, apart)), elements

    def _signs(self, codes: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> Bits:
        """Of codes (n, dim), (n, ceil(dim / 8))."""
        return np.packbits(codes > self._middle, axis=1)
