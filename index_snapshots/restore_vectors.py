"""The rows of a snapshot: segments mapped where they lie, heads in memory, merges that are finished or begun again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index_snapshots.builder import Finished
from index_snapshots.calibrate import Calibration
from index_snapshots.heads import Head
from index_snapshots.manifest import Manifest, StoredSegment
from index_snapshots.merge import Segment
from index_snapshots.nearest import FrozenVectors
from index_snapshots.pacing import Pacing
from index_snapshots.parts import FrozenPart, Mask, Rows, Store
from index_snapshots.pending import Planned
from index_snapshots.segment_files import found_files, place_of_merge


def restored_vectors(folder: Path, manifest: Manifest, states: npt.NDArray[Any]) -> FrozenVectors:
    """`states`: one per slot, (n,), dtype columns.STATE. The files were verified.

    Raises ValueError where they do not fit together.
    """
    structure = manifest.structure
    stores = [*_segments(folder, manifest), *_heads(folder, manifest)]
    counts = [*(one.size for one in structure.segments), *(one.count for one in structure.heads)]
    slot_of_row = np.argsort(states["row"], kind="stable")
    slot_of_row = slot_of_row[np.searchsorted(states["row"][slot_of_row], 0) :]  # NO_ROW is before them
    rows = states["row"][slot_of_row]
    merges = _merges(folder, manifest, stores, counts)
    parts, found = [], 0
    for store, count in zip(stores, counts, strict=True):
        begin, end = rows.searchsorted([store.first_row, int(store.rows[-1]) + 1])
        found += end - begin
        parts.append(_part(store, count, rows[begin:end], slot_of_row[begin:end], states["visible"]))
    if found != len(rows):
        raise ValueError(f"{len(rows)} rows, of which {found} lie in a part")
    return FrozenVectors(
        manifest.origin.dim,
        Pacing(**structure.pacing.model_dump()),
        tuple(sorted(parts, key=lambda part: part.store.first_row)),
        structure.seals,
        structure.sealed_ms,
        structure.next_row,
        tuple(merges),
        tuple(_results(folder, manifest, merges)),
    )


def _segments(folder: Path, manifest: Manifest) -> list[Store]:
    stores = []
    for at, one in enumerate(manifest.structure.segments):
        segment = _segment(at, one, folder, manifest)
        stores.append(Store(segment, None, np.zeros(one.size, dtype=np.int32)))
    return stores


def _segment(place: int | str, one: StoredSegment, folder: Path, manifest: Manifest) -> Segment:
    files = found_files(place, one, manifest.files, folder)
    dropped = one.dropped if one.pieces else 0  # up to format 3 such rows were no longer there
    return Segment(files, one.size, Calibration(one.ef, one.recall, one.changed), dropped)


def _heads(folder: Path, manifest: Manifest) -> list[Store]:
    dim, capacity = manifest.origin.dim, manifest.structure.pacing.head_rows
    vectors = np.fromfile(folder / manifest.files["heads"].name, dtype="<f2").reshape(-1, dim)
    levels = np.fromfile(folder / manifest.files["levels"].name, dtype=np.uint8)
    stores, begin, head = [], 0, None
    for one in manifest.structure.heads:
        head = Head.after(head, dim, capacity, one.first_row)
        head.extend(vectors[begin : begin + one.count], levels[begin : begin + one.count])
        stores.append(Store(None, head, head.slots))
        begin += one.count
    return stores


def _part(
    store: Store, count: int, rows: Rows, slots: npt.NDArray[np.int64], visible: npt.NDArray[np.bool_]
) -> FrozenPart:
    """`rows`: numbers of its living rows, ascending; `slots`: whose they are."""
    places = store.positions(rows)
    if (store.rows[places] != rows).any():
        raise ValueError(f"a row of {rows[:1]}... is missing in its part")
    store.slots[places] = slots
    shown = np.zeros(len(store.rows), dtype=np.bool_)
    shown[places] = visible[slots]
    return FrozenPart(store, count, np.packbits(shown, bitorder="little"), int(np.count_nonzero(shown)))


def _merges(folder: Path, manifest: Manifest, stores: list[Store], counts: list[int]) -> list[Planned]:
    bits, begin, merges = np.fromfile(folder / manifest.files["kept"].name, dtype=np.uint8), 0, []
    for one in manifest.structure.merges:
        kept: list[Mask] = []
        for place in one.parts:
            size = (counts[place] + 7) // 8
            mask = np.unpackbits(bits[begin : begin + size], count=counts[place], bitorder="little")
            kept.append(mask.astype(np.bool_))
            begin += size
        taken = tuple(stores[place] for place in one.parts)
        merges.append(Planned(taken, tuple(kept), one.grown, one.of_base, one.begun, one.due))
    return merges


def _results(folder: Path, manifest: Manifest, merges: list[Planned]) -> Iterator[Finished | None]:
    for at, (stored, planned) in enumerate(zip(manifest.structure.merges, merges, strict=True)):
        if stored.result is None:
            yield None
            continue
        rows = sum(int(np.count_nonzero(mask)) for mask in planned.rows)
        if stored.result.size != rows:
            raise ValueError(f"a merge of {rows} rows, {stored.result.size} in its result")
        yield Finished(_segment(place_of_merge(at), stored.result, folder, manifest))
