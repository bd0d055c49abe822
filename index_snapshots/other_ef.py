"""A view that is searched with another `ef`: what would have been found then."""

from copy import copy
from dataclasses import replace

from index_snapshots.parts import FrozenPart
from index_snapshots.view import ShardView


def with_ef(view: ShardView, ef: int) -> ShardView:
    """The same state; every graph of it looks at `ef` neighbours, or at more where a search wants so many hits."""
    parts = tuple(_with_ef(part, ef) for part in view.vectors.parts)
    return replace(view, vectors=replace(view.vectors, parts=parts))


def _with_ef(part: FrozenPart, ef: int) -> FrozenPart:
    segment = part.store.segment
    if segment is None:
        return part
    other, store = copy(part), copy(part.store)
    store.segment = replace(segment, calibration=replace(segment.calibration, ef=ef))
    other.store = store
    return other
