"""By the signs of their codes the nearest of many rows are found, and their distances are those of the codes."""

import numpy as np
import pytest

from index_snapshots.codes import codes
from index_snapshots.graph import EVERYTHING, Chosen, Graph, Queries, chosen
from index_snapshots.signs import BLOCK_ROWS, MIDDLE_ROWS_MAX, Signs
from tests.unit.index_snapshots.clustered import clustered

DIM = 256


def graph_of(vectors: np.ndarray[tuple[int, int], np.dtype[np.float16]]) -> Graph:
    """Its links do not matter here."""
    graph = Graph.empty(vectors.shape[1])
    for code in codes(vectors):
        graph.add_apart(code[None])
    return graph


@pytest.mark.parametrize("rows", [BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, MIDDLE_ROWS_MAX + 1])
def test_the_nearest_are_among_those_that_agree_most(rows: int) -> None:
    graph, hits = graph_of(clustered(rows, DIM)), 0
    signs = Signs(graph)
    passing = np.random.default_rng(1).random(rows) < 0.5
    among = chosen(np.packbits(passing, bitorder="little"))
    for vector in clustered(20, DIM, seed=9):
        query = Queries(codes(vector[None]))
        distances, elements = (found[0].copy() for found in graph.scan(query, rows, among))
        exact = dict(zip(elements.tolist(), distances.tolist(), strict=True))
        found_distances, found = signs.search(query, 100, among)
        assert len(set(found.tolist())) == 100 and passing[found].all()
        assert [exact[element] for element in found.tolist()] == found_distances.tolist()
        hits += len(set(found.tolist()) & set(elements[:10].tolist()))
    assert hits >= 0.98 * 200


@pytest.mark.parametrize(("passing", "found"), [(0, 0), (3, 3), (5, 5), (6, 5)])
def test_no_more_than_asked_for_nor_than_there_are(passing: int, found: int) -> None:
    signs = Signs(graph_of(clustered(50, DIM)))
    bits = np.packbits(np.arange(50) < passing, bitorder="little")
    distances, elements = signs.search(Queries(codes(clustered(1, DIM, seed=9))), 5, chosen(bits))
    assert len(distances) == len(elements) == found


def test_vectors_that_lean_to_one_side_are_told_apart() -> None:
    """As embeddings do: around zero all of their signs would be equal."""
    wide = clustered(2_000, DIM).astype(np.float64) + 0.3
    leaning = (wide / np.linalg.norm(wide, axis=1)[:, None]).astype(np.float16)
    graph, hits = graph_of(leaning[:1_900]), 0
    signs = Signs(graph)
    for vector in leaning[1_900:1_920]:
        query = Queries(codes(vector[None]))
        exact = set(graph.scan(query, 10)[1][0].tolist())
        hits += len(exact & set(signs.search(query, 200, EVERYTHING)[1].tolist()))
    assert hits >= 0.95 * 200


def test_equal_rows_are_found_in_the_same_order_every_time() -> None:
    same = np.repeat(clustered(1, DIM), 300, axis=0)
    first, second = (Signs(graph_of(same)) for _ in range(2))
    query, all_of_them = Queries(codes(same[:1])), Chosen(None)
    found = first.search(query, 40, all_of_them)[1].tolist()
    assert found == second.search(query, 40, all_of_them)[1].tolist() and len(set(found)) == 40
