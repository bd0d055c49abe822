"""Equal rows neither hide each other nor anything else."""

import numpy as np
import numpy.typing as npt
import pytest

from index_snapshots.codes import LINKS, codes, levels
from index_snapshots.graph import Graph
from index_snapshots.reach import with_all_reached
from index_snapshots.repair import NONE, repaired, width
from index_snapshots.twins import Twins, above, handed_over
from tests.unit.index_snapshots.clustered import clustered, recall

ROWS = 3_000
EF = 48


def grown(graph: Graph, vectors: npt.NDArray[np.float16]) -> Graph:
    twins = Twins(graph.codes(), graph.linked())
    for code in codes(vectors):
        at = len(graph)
        if twins.put(code.astype(np.uint8), at):
            graph.add_apart(code[None])
        else:
            graph.add(code[None], levels(f"sku-{at}"))
    graph.relink(twins.hung(graph.links()))
    graph.relink(with_all_reached(graph.links()))
    return graph


@pytest.mark.parametrize("equal", [2, 300, 1_500])
def test_equal_rows_are_found_and_hide_nothing(equal: int) -> None:
    """HNSW alone, of half the rows equal, finds a third of them or fewer, and half of everything else."""
    vectors = clustered(ROWS)
    vectors[:: ROWS // equal] = vectors[0]
    first, second = vectors[: ROWS // 2], vectors[ROWS // 2 :]
    graph = grown(grown(Graph.empty(64), first), second)  # as a merge goes on with the graph of an earlier one
    assert recall(graph, clustered(200, seed=3), EF) >= 0.98
    assert recall(graph, vectors[:1], EF) == 1.0
    assert recall(graph, vectors[:1], 2 * equal, limit=equal) >= 0.98


def test_equal_rows_are_found_when_the_first_of_them_is_gone() -> None:
    vectors = clustered(ROWS)
    vectors[::10] = vectors[0]
    graph, alive = grown(Graph.empty(64), vectors), np.random.default_rng(1).random(ROWS) < 0.8
    alive[:25] = False  # and the second and the third
    for again in (0.8, 0.7):  # what was taken out once is no heir the next time
        graph.put_links(repaired(handed_over(graph.links(), graph.codes(), alive), alive))
        grown(graph, vectors[:500])
        assert recall(graph, vectors[:1], EF) == 1.0
        assert recall(graph, clustered(200, seed=3), EF) >= 0.98
        alive = graph.linked() & (np.random.default_rng(2).random(len(graph)) < again)


def test_the_first_is_linked_and_the_others_hang_on_it() -> None:
    same = np.repeat(clustered(1), 2 + LINKS + 1, axis=0)
    graph = grown(Graph.empty(64), np.concatenate([clustered(100, seed=2), same]))
    links = graph.links()
    begin = links.offsets[100:]
    row = [[one for one in links.neighbours[at : at + width(0)].tolist() if one != NONE] for at in begin[:-1]]
    assert 101 in row[0] and not set(range(102, 119)) & set(row[0])
    assert row[1] == [100, *range(102, 102 + LINKS)]
    assert row[2] == [101, 102 + LINKS]


def test_a_tree_of_so_many_branches() -> None:
    assert [above(nth) for nth in (1, 2, 1 + LINKS, 2 + LINKS, 1 + 2 * LINKS, 2 + 2 * LINKS)] == [0, 1, 1, 2, 2, 3]


def test_without_equal_rows_the_graph_is_as_ever() -> None:
    vectors = clustered(500)
    plain = Graph.empty(64)
    for at, code in enumerate(codes(vectors)):
        plain.add(code[None], levels(f"sku-{at}"))
    assert (grown(Graph.empty(64), vectors).links().neighbours == with_all_reached(plain.links())).all()
