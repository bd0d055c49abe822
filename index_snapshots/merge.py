"""One merge: a segment without its dead rows, or nothing, and newer rows become a new segment. The builder's work."""

import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from index_snapshots.calibrate import SAMPLE_ROWS, Calibration, calibrating, drawn_by_hash, due
from index_snapshots.codes import CodeBytes, Codes, codes
from index_snapshots.graph import Graph
from index_snapshots.reach import with_all_reached
from index_snapshots.repair import repaired
from index_snapshots.row_pieces import ends, mapped, shared
from index_snapshots.twins import Twins, handed_over

BLOCK_ROWS: Final = 4096

Mask = npt.NDArray[np.bool_]


class Files(NamedTuple):
    """Where a segment lies."""

    graph: Path
    rows: Path
    """Row numbers (n,) int64, ascending."""
    vectors: tuple[Path, ...]
    """(n, dim) fp16, in pieces (`row_pieces.py`)."""
    codes: tuple[Path, ...]
    """(n, dim), in pieces; none where the graph's file holds them and the vectors are one piece, as up to format 3."""

    @property
    def all(self) -> list[Path]:
        return [self.graph, *self.vectors, self.rows, *self.codes]


@dataclass(frozen=True)
class Segment:
    """An immutable part of the rows, in files."""

    files: Files
    size: int
    calibration: Calibration
    dropped: int = 0
    """Rows that repairs have taken out of its graph since it was built from nothing. They are still there."""

    @property
    def name(self) -> str:
        """Equal for equal bytes."""
        return f"{'-'.join(path.name.partition('-')[0] for path in self.files.all)}-{self.calibration.ef}"


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
    """Its graph is copied, and what is not kept is taken out of it, but not out of the segment: all its rows stay where
    they are. None: the graph begins with the added rows."""
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
    base = None if job.base is None else job.base._replace(kept=np.ones(job.base.segment.size, dtype=np.bool_))
    parts: tuple[Source, ...] = job.added if base is None else (base, *job.added)
    count = len(graph)
    vectors, codes_ = _same(job, count)
    files = Files(
        _named(job.folder, "graph", graph.save),
        _named(job.folder, "rows", lambda path: _write(path, map(_rows, parts))),
        _pieces(job.folder, "vectors", count, vectors, _Vectors(parts).between),
        _pieces(job.folder, "codes", count, codes_, graph.codes),
    )
    return Segment(files, count, calibration, int(np.count_nonzero(~links.linked)))


def _begun(job: Merge) -> Graph:
    if job.base is None:
        return Graph.empty(job.dim)
    segment, kept = job.base
    graph = Graph.read(segment.files.graph, mapped_codes(segment))
    if not kept.all():
        graph.put_links(repaired(handed_over(graph.links(), graph.codes(), kept), kept))
    return graph


def _grow(graph: Graph, job: Merge) -> Generator[None, None, Calibration]:
    """Adds the rows, and measures the graph with rows that it does not hold yet when that is due."""
    count, linked = sum(int(source.kept.sum()) for source in job.added), graph.linked()
    size = int(np.count_nonzero(linked))
    before = None if job.base is None else job.base.segment.calibration
    changed = count
    if job.base is not None:
        changed += len(linked) - size - job.base.segment.dropped
    nodes, twins = _new_nodes(job.added), Twins(graph.codes(), linked)
    if before is not None and not due(size + count, before, changed, count):
        yield from _add(graph, nodes, twins)
        return replace(before, changed=before.changed + changed)
    ahead = 0 if size else count - min(SAMPLE_ROWS, count // 2)
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
    return opened(source.segment).links().levels


def vectors_of(source: Source) -> npt.NDArray[np.float16]:
    """All of them, (n, dim), kept or not."""
    return source.vectors if isinstance(source, FromHead) else mapped_vectors(source.segment)


def opened(segment: Segment) -> Graph:
    """To be searched."""
    return Graph.opened(segment.files.graph, mapped_codes(segment))


def mapped_vectors(segment: Segment) -> npt.NDArray[np.float16]:
    """(n, dim)."""
    return np.asarray(mapped(segment.files.vectors).view("<f2").reshape(segment.size, -1))


def mapped_codes(segment: Segment) -> CodeBytes | None:
    """(n, dim), where they do not lie in the graph's file."""
    return mapped(segment.files.codes).reshape(segment.size, -1) if segment.files.codes else None


def mapped_rows(path: Path) -> npt.NDArray[np.int64]:
    return np.asarray(np.memmap(path, dtype="<i8", mode="r"))


def _rows(source: Source) -> npt.NDArray[np.int64]:
    where = np.flatnonzero(source.kept)
    if isinstance(source, FromHead):
        return where + source.first_row
    return mapped_rows(source.segment.files.rows)[where]


class _Vectors:
    """The vectors of all rows that are kept, in their order."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = [(vectors_of(source), np.flatnonzero(source.kept)) for source in sources]

    def between(self, begin: int, end: int) -> npt.NDArray[Any]:
        """(end - begin, dim)."""
        found = []
        for vectors, where in self._sources:
            found.append(vectors[where[max(0, begin) : max(0, end)]])
            begin, end = begin - len(where), end - len(where)
        return np.concatenate(found)


def _same(job: Merge, count: int) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files of vectors, and those of codes, that the new segment of `count` rows has in common with the base."""
    if job.base is None or not job.base.segment.files.codes:
        return (), ()
    files, same = job.base.segment.files, shared(job.base.segment.size, count)
    return files.vectors[:same], files.codes[:same]


def _pieces(
    folder: Path, part: str, count: int, same: Sequence[Path], rows: Callable[[int, int], npt.NDArray[Any]]
) -> tuple[Path, ...]:
    """Files of `count` rows, of which `same` are there already: they get one more name. `rows`: from, to."""
    paths, begin = list[Path](), 0
    for at, end in enumerate(ends(count)):
        if at < len(same):
            paths.append(_second_name(same[at], folder))
        else:
            paths.append(_named(folder, part, partial(_write, blocks=[rows(begin, end)])))
        begin = end
    return tuple(paths)


def _second_name(path: Path, folder: Path) -> Path:
    target = folder / path.name
    if not target.exists():
        try:
            os.link(path, target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(path, target)
    return target


def _write(path: Path, blocks: Iterable[npt.NDArray[Any]]) -> None:
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
