"""One merge: a segment without its dead rows, or nothing, and newer rows become a new segment. The builder's work."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from index_snapshots.calibrate import SAMPLE_ROWS, Calibration, calibrating, drawn_by_hash, due
from index_snapshots.codes import Codes, codes
from index_snapshots.graph import Graph
from index_snapshots.reach import with_all_reached
from index_snapshots.repair import repaired
from index_snapshots.twins import Twins, handed_over

BLOCK_ROWS: Final = 4096

Mask = npt.NDArray[np.bool_]


class Files(NamedTuple):
    """Where a segment lies: its graph, its vectors (n, dim) fp16, and its row numbers (n,) int64, ascending."""

    graph: Path
    vectors: Path
    rows: Path


@dataclass(frozen=True)
class Segment:
    """An immutable part of the rows, in files."""

    files: Files
    size: int
    calibration: Calibration
    dropped: int = 0
    """Rows that repairs have taken out since its graph was built from nothing."""

    @property
    def name(self) -> str:
        """Equal for equal bytes."""
        return f"{'-'.join(path.name.partition('-')[0] for path in self.files)}-{self.calibration.ef}"


class FromSegment(NamedTuple):
    """Rows of a segment that go into a merge."""

    segment: Segment
    kept: Mask


class FromHead(NamedTuple):
    """Rows of a sealed head that go into a merge."""

    first_row: int
    vectors: npt.NDArray[np.float16]
    levels: npt.NDArray[np.uint8]
    kept: Mask


Source = FromSegment | FromHead


@dataclass(frozen=True)
class Merge:
    """What is to be done; the same merge gives the same bytes wherever it is done."""

    folder: Path
    dim: int
    recall: float
    base: FromSegment | None
    """Its graph is copied, and repaired where rows are not kept; None: the graph begins with the added rows."""
    added: tuple[Source, ...]
    """In the order of their rows."""


Steps = Generator[None, None, Segment]


def merge(job: Merge) -> Segment:
    """Writes the new segment. Raises OSError: a full disk."""
    steps = merging(job)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            segment: Segment = end.value
            return segment


def merging(job: Merge) -> Steps:
    """`merge` in steps of at most some milliseconds, each of which any thread may take; returns the segment."""
    graph = _begun(job)
    yield
    calibration = yield from _grow(graph, job)
    links = graph.links()
    neighbours = with_all_reached(links)
    if neighbours is not links.neighbours:
        graph.relink(neighbours)
    yield
    parts: tuple[Source, ...] = job.added if job.base is None else (job.base, *job.added)
    files = Files(
        _named(job.folder, "graph", graph.save),
        _named(job.folder, "vectors", lambda path: _write(path, _vectors(parts))),
        _named(job.folder, "rows", lambda path: _write(path, map(_rows, parts))),
    )
    dropped = 0 if job.base is None else job.base.segment.dropped + int((~job.base.kept).sum())
    return Segment(files, len(graph), calibration, dropped)


def _begun(job: Merge) -> Graph:
    if job.base is None or not job.base.kept.any():
        return Graph.empty(job.dim)
    graph, kept = Graph.read(job.base.segment.files.graph), job.base.kept
    if kept.all():
        return graph
    code_bytes = graph.codes()
    return Graph.assembled(job.dim, code_bytes[kept], repaired(handed_over(graph.links(), code_bytes, kept), kept))


def _grow(graph: Graph, job: Merge) -> Generator[None, None, Calibration]:
    """Adds the rows, and measures the graph with rows that it does not hold yet when that is due."""
    count = sum(int(source.kept.sum()) for source in job.added)
    before = None if job.base is None else job.base.segment.calibration
    changed = count + (0 if job.base is None else int((~job.base.kept).sum()))
    nodes, twins = _new_nodes(job.added), Twins(graph.codes())
    if before is not None and not due(len(graph) + count, before, changed, count):
        yield from _add(graph, nodes, twins)
        return replace(before, changed=before.changed + changed)
    ahead = 0 if len(graph) else count - min(SAMPLE_ROWS, count // 2)
    yield from _add(graph, islice(nodes, ahead), twins)
    calibration = yield from calibrating(graph, _sample(job, ahead, count), job.recall)
    yield from _add(graph, nodes, twins)
    return calibration


def _add(graph: Graph, nodes: Iterable[tuple[Codes, int]], twins: Twins) -> Generator[None, None, None]:
    for code, levels in nodes:
        yield
        if twins.put(code.astype(np.uint8), len(graph)):
            graph.add_apart(code)
        else:
            graph.add(code, levels)
    if twins.apart:
        graph.relink(twins.hung(graph.links()))


def _sample(job: Merge, ahead: int, count: int) -> npt.NDArray[np.float16]:
    """Vectors of rows that will be added, drawn by a hash of their place among those from `ahead` on."""
    drawn = drawn_by_hash(count - ahead) + ahead
    blocks, begin = [np.empty((0, job.dim), dtype=np.float16)], 0
    for source in job.added:
        where = np.flatnonzero(source.kept)
        mine = drawn[(drawn >= begin) & (drawn < begin + len(where))] - begin
        blocks.append(vectors_of(source)[where[mine]])
        begin += len(where)
    return np.concatenate(blocks)


def _new_nodes(added: Sequence[Source]) -> Iterator[tuple[Codes, int]]:
    """Code (1, dim) and levels of each added row, in order."""
    for source in added:
        where = np.flatnonzero(source.kept)
        levels = _levels(source)
        for begin in range(0, len(where), BLOCK_ROWS):
            rows = where[begin : begin + BLOCK_ROWS]
            block = codes(vectors_of(source)[rows])
            yield from ((block[at : at + 1], int(levels[row])) for at, row in enumerate(rows.tolist()))


def _levels(source: Source) -> npt.NDArray[Any]:
    if isinstance(source, FromHead):
        return source.levels
    return Graph.opened(source.segment.files.graph).links().levels


def vectors_of(source: Source) -> npt.NDArray[np.float16]:
    """All of them, (n, dim), kept or not."""
    if isinstance(source, FromHead):
        return source.vectors
    return mapped_vectors(source.segment.files.vectors, source.segment.size)


def mapped_vectors(path: Path, size: int) -> npt.NDArray[np.float16]:
    return np.asarray(np.memmap(path, dtype="<f2", mode="r").reshape(size, -1))


def mapped_rows(path: Path) -> npt.NDArray[np.int64]:
    return np.asarray(np.memmap(path, dtype="<i8", mode="r"))


def _rows(source: Source) -> npt.NDArray[np.int64]:
    where = np.flatnonzero(source.kept)
    if isinstance(source, FromHead):
        return where + source.first_row
    return mapped_rows(source.segment.files.rows)[where]


def _vectors(sources: Sequence[Source]) -> Iterator[npt.NDArray[Any]]:
    for source in sources:
        where = np.flatnonzero(source.kept)
        for begin in range(0, len(where), BLOCK_ROWS):
            yield vectors_of(source)[where[begin : begin + BLOCK_ROWS]]


def _write(path: Path, blocks: "Iterator[npt.NDArray[Any]]") -> None:
    with path.open("wb") as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block).data)


def _named(folder: Path, part: str, write: Callable[[Path], None]) -> Path:
    """Writes a file and names it by its content."""
    temporary = folder / f"tmp-{os.getpid()}-{part}"
    write(temporary)
    digest = xxhash.xxh3_128()
    with temporary.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    path = folder / f"{digest.hexdigest()}-{part}"
    os.replace(temporary, path)
    return path
