"""The rows of a view in one graph without dead nodes: the fastest this engine can be, what a stream is held against.

It is mapped only while it is searched, so that memory measured in between is the shard's own.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from index_snapshots.builder import BuilderProcess
from index_snapshots.merge import FromHead, FromSegment, Merge, Source
from index_snapshots.parts import FrozenPart, Mask, Store
from index_snapshots.view import ShardView


class MergedView:
    """Pins the columns and words of the view it was made from, none of its vectors."""

    def __init__(self, view: ShardView, folder: Path) -> None:
        """`folder` takes its files and is made. The view needs at least one row. Blocks until it is merged."""
        folder.mkdir(parents=True)
        shown = [
            np.unpackbits(part.bits, count=part.count, bitorder="little").astype(bool) for part in view.vectors.parts
        ]
        sources = [_source(part, mask) for part, mask in zip(view.vectors.parts, shown, strict=True)]
        extends = isinstance(sources[0], FromSegment) and bool(shown[0].any())
        base = sources.pop(0) if extends else None
        assert base is None or isinstance(base, FromSegment)
        recall = view.vectors.pacing.recall
        builder = BuilderProcess()  # in a process: what it takes meanwhile is not this one's memory
        try:
            self._segment = builder.start(Merge(folder, view.identity.dim, recall, base, tuple(sources))).result()
        finally:
            builder.close()
        there = [np.ones_like(mask) if extends and at == 0 else mask for at, mask in enumerate(shown)]
        self._slots = np.concatenate(
            [part.store.slots[: part.count][mask] for part, mask in zip(view.vectors.parts, there, strict=True)]
        )
        self._shown = np.concatenate([mask[rows] for mask, rows in zip(shown, there, strict=True)])
        self._view = replace(view, vectors=replace(view.vectors, parts=(), pending=()))

    @property
    def ef(self) -> int:
        return self._segment.calibration.ef

    def opened(self) -> ShardView:
        count = self._segment.size
        bits, shown = np.packbits(self._shown, bitorder="little"), int(np.count_nonzero(self._shown))
        part = FrozenPart(Store(self._segment, None, self._slots), count, bits, shown)
        return replace(self._view, vectors=replace(self._view.vectors, parts=(part,)))


def _source(part: FrozenPart, kept: Mask) -> Source:
    if part.store.segment is not None:
        return FromSegment(part.store.segment, kept)
    head = part.store.head
    assert head is not None
    return FromHead(head.first_row, head.vectors, head.levels, kept)
