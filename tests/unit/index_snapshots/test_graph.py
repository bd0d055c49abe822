"""FAISS as the shard uses it: exact sums, elements that count, files, and threads."""

import gc
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from index_snapshots.codes import codes, levels
from index_snapshots.graph import (
    COPIED_MAX,
    EVERYTHING,
    PADDED_OVER,
    PADDED_TO,
    BitRows,
    Chosen,
    Flat,
    Found,
    Graph,
    Queries,
    chosen,
)

DIMENSIONS = (8, 100, 384, 1024)
ROWS = 60


def vectors(count: int, dim: int, seed: int = 1) -> npt.NDArray[np.float16]:
    drawn = np.random.default_rng(seed).standard_normal((count, dim))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float16)


def built(of: npt.NDArray[np.float16]) -> Graph:
    graph = Graph.empty(of.shape[1])
    for at, code in enumerate(codes(of)):
        graph.add(code[None], levels(f"sku-{at}"))
    return graph


def one_query(dim: int) -> Queries:
    return Queries(codes(vectors(1, dim, seed=2)))


def kept(found: Found) -> Found:
    """What is found is valid until the next search only."""
    return found[0].copy(), found[1].copy()


def squared(query: npt.NDArray[Any], rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    return np.asarray(((rows.astype(np.int64) - query.astype(np.int64)) ** 2).sum(axis=1))


def bits(chosen_ones: list[int], count: int) -> npt.NDArray[np.uint8]:
    mask = np.zeros(count, dtype=np.bool_)
    mask[chosen_ones] = True
    return np.packbits(mask, bitorder="little")


@pytest.mark.parametrize("dim", DIMENSIONS)
def test_distances_are_whole_numbers_and_exact(dim: int) -> None:
    rows, query = codes(vectors(ROWS, dim)), one_query(dim)
    graph = built(vectors(ROWS, dim))
    flat = Flat(dim, ROWS)
    for at, code in enumerate(rows):
        flat.put(at, code)
    truth = squared(codes(vectors(1, dim, seed=2))[0], rows)
    found = [kept(graph.search(query, ROWS, ROWS)), kept(graph.scan(query, ROWS)), kept(flat.scan(query, ROWS, ALL))]
    for distances, elements in found:
        assert sorted(elements[0].tolist()) == list(range(ROWS))
        assert distances[0].astype(np.int64).tolist() == truth[elements[0]].tolist()
        assert (distances[0] == np.sort(distances[0])).all()


ALL = Chosen(None)


def test_only_the_elements_that_count_are_found() -> None:
    query = one_query(8)
    graph, some = built(vectors(ROWS, 8)), [3, 5, 58]
    among = chosen(bits(some, ROWS))
    for found in (graph.search(query, 5, ROWS, among), graph.scan(query, 5, among)):
        assert sorted(found[1][0].tolist()) == [-1, -1, *some]


def test_a_graph_is_what_its_file_says(tmp_path: Path) -> None:
    graph = built(vectors(ROWS, 100))
    graph.save(tmp_path / "graph")
    mapped, copy = (make(tmp_path / "graph", graph.codes()) for make in (Graph.opened, Graph.read))
    assembled = Graph.assembled(100, graph.codes(), graph.links())
    for other in (mapped, copy, assembled):
        other.save(tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == (tmp_path / "graph").read_bytes()
        assert (other.codes() == graph.codes()).all()
    more = codes(vectors(1, 100, seed=3))
    for other in (graph, copy, assembled):  # and goes on in the same way
        other.add(more, 2)
        other.save(tmp_path / "again")
        assert other.links().entry == graph.links().entry
        assert (other.links().neighbours == graph.links().neighbours).all()


def test_a_graph_that_is_closed_leaves_nothing_mapped(tmp_path: Path) -> None:
    """Its file is removed by then: the disk would stay full of it."""
    graph = built(vectors(ROWS, 100))
    graph.save(tmp_path / "graph")
    mapped = Graph.opened(tmp_path / "graph", graph.codes())
    query = one_query(100)
    assert mapped.search(query, 3, ROWS)[1].tolist() == graph.search(query, 3, ROWS)[1].tolist()
    assert str(tmp_path) in Path("/proc/self/maps").read_text()
    del mapped
    gc.collect()
    assert str(tmp_path) not in Path("/proc/self/maps").read_text()


@pytest.mark.parametrize("rows", [1, 2_000])
def test_a_full_disk_is_an_oserror(rows: int) -> None:
    """The builder tries again after one; anything else counts as a defect. The small one fits into a buffer."""
    with pytest.raises(OSError, match="No space left"):
        built(vectors(rows, 8)).save(Path("/dev/full"))


def test_no_thread_sees_half_made_parameters() -> None:
    """Without the selector a search would find dead rows."""
    seen = []

    class Watched(Chosen):
        @property
        def selector(self) -> Any:
            seen.append(self._scan)
            return None

        @selector.setter
        def selector(self, value: Any) -> None:
            """Fixed."""

    parameters = Watched(None).scan()
    assert seen == [None] and parameters is not None


def test_searches_go_on_while_the_head_is_written() -> None:
    """What a view counts does not change when rows are put behind it."""
    rows, query = codes(vectors(500, 8)), one_query(8)
    flat = Flat(8, 500)
    for at, code in enumerate(rows[:100]):
        flat.put(at, code)
    among = chosen(bits(list(range(100)), 500))
    expected = flat.scan(query, 10, among)[1].tolist()
    answers: list[Any] = []

    def search() -> None:
        for _ in range(200):
            answers.append(flat.scan(query, 10, among)[1].tolist())

    searching = threading.Thread(target=search)
    searching.start()
    for at, code in enumerate(rows[100:], 100):
        flat.put(at, code)
    searching.join()
    assert answers == [expected] * 200


@pytest.mark.parametrize("passing", [0, 1, 40, COPIED_MAX - 1, COPIED_MAX, COPIED_MAX + 1, 2 * COPIED_MAX + 3])
def test_rows_of_bits_come_in_the_order_of_what_differs_then_of_their_places(passing: int) -> None:
    rng = np.random.default_rng(passing)
    rows, query = rng.integers(0, 256, (passing + 500, 8), dtype=np.uint8), rng.integers(0, 256, 8, dtype=np.uint8)
    elements = np.sort(rng.choice(len(rows), passing, replace=False))
    differing = np.bitwise_count(rows[elements] ^ query).sum(axis=1)
    expected = elements[np.argsort(differing, kind="stable")[:40]].tolist()
    bit_rows, among = BitRows(rows), chosen(bits(elements.tolist(), len(rows)))
    assert [bit_rows.scan(query, 40, among).tolist() for _ in range(4)] == [expected] * 4, "copied, or copied before"


@pytest.mark.parametrize("size", [1, PADDED_OVER, PADDED_OVER + 1, 48, PADDED_TO - 1, PADDED_TO, PADDED_TO + 1])
def test_rows_of_bits_of_any_length(size: int) -> None:
    rng = np.random.default_rng(size)
    rows, query = rng.integers(0, 256, (300, size), dtype=np.uint8), rng.integers(0, 256, size, dtype=np.uint8)
    expected = np.argsort(np.bitwise_count(rows ^ query).sum(axis=1), kind="stable")[:9].tolist()
    assert BitRows(rows).scan(query, 9, EVERYTHING).tolist() == expected


def test_copies_of_rows_of_bits_are_no_more_than_the_rows() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (100, 8), dtype=np.uint8)
    bit_rows = BitRows(rows)
    halves = [chosen(bits(list(range(begin, begin + 50)), 100)) for begin in (0, 50, 25)]
    asked = list(zip((3, 60, 30), halves, strict=True)) * 3
    assert [bit_rows.scan(rows[at], 1, half).tolist() for at, half in asked] == [[at] for at, _ in asked]
    assert sum(len(copied.elements) for copied in bit_rows._copies.values()) <= 100
