"""The bodies of a snapshot: written in pieces of which earlier snapshots left most, and read back slot by slot.

A piece is the bodies, one after the other in the order of their rows, then the rows' numbers (int64), then the bodies'
sizes (uint32), both little-endian.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from index_snapshots import manifest as manifests
from index_snapshots.bodies import FrozenBodies
from index_snapshots.body_pieces import Piece, Span, plan
from index_snapshots.columns import NO_ROW
from index_snapshots.folder import Known, Steps, is_whole, store
from index_snapshots.manifest import Manifest, SnapshotDamaged, StoredBodies, StoredFile
from index_snapshots.search import Slots
from index_snapshots.stored_state import StoredState
from index_snapshots.view import ShardView

ROW: Final = np.dtype("<i8")
SIZE: Final = np.dtype("<u4")
BODIES: Final = "bodies"
"""Their part; `bodies-N` since format 3."""


def write_bodies(
    view: ShardView, state: StoredState, folder: Path, steps: Steps, known: Known
) -> tuple[list[StoredBodies], dict[str, StoredFile]]:
    """What the manifest says of them, and their files by part. Raises OSError."""
    rows, slots = state.living()
    described, files = [], {}
    for at, span in enumerate(plan(_before(view, folder, steps, known), rows)):
        if span.piece is not None:
            piece = span.piece
        else:
            first, last = rows.searchsorted([span.begin, span.end]).tolist()
            piece = _written(folder, span, rows[first:last], state.texts(slots[first:last]), steps)
        described.append(StoredBodies(begin=piece.begin, end=piece.end, count=piece.bodies))
        files[f"{BODIES}-{at}"] = piece.file
    return described, files


def _written(
    folder: Path, span: Span, rows: npt.NDArray[np.int64], texts: Iterable[list[bytes]], steps: Steps
) -> Piece:
    sizes: list[int] = []

    def blocks() -> Iterator[bytes]:
        for piece in texts:
            sizes.extend(map(len, piece))
            yield b"".join(piece)
        yield rows.astype(ROW).tobytes()
        yield np.array(sizes, dtype=SIZE).tobytes()

    return Piece(span.begin, span.end, len(rows), store(folder, BODIES, blocks(), steps))


def _before(view: ShardView, folder: Path, steps: Steps, known: Known) -> list[Piece]:
    """Pieces of the snapshot before, when it is of an earlier state of this shard and they still are what it wrote."""
    before = known.newest
    if before is None or before.lineage != view.identity.lineage:
        return []
    if before.structure.next_row > view.vectors.next_row:
        return []
    pieces = list(_pieces(before))
    return pieces if all(is_whole(folder, piece.file, steps, known) for piece in pieces) else []


def _pieces(manifest: Manifest) -> Iterator[Piece]:
    for at, one in enumerate(manifest.bodies):
        yield Piece(one.begin, one.end, one.count, manifest.files[f"{BODIES}-{at}"])


def read_bodies(folder: Path, manifest: Manifest, names: dict[str, Any], states: npt.NDArray[Any]) -> FrozenBodies:
    """`states`: one per slot, (n,), dtype columns.STATE. The files were verified.

    Raises ValueError or KeyError where they do not fit together, SnapshotDamaged when one cannot be read.
    """
    texts: list[bytes | None] = [None] * len(states)
    slots = np.flatnonzero(states["row"] != NO_ROW)
    if manifest.format_version == manifests.ONE_FILE_OF_BODIES:
        found = _cut(_bytes(folder / manifest.files[BODIES].name), names["body_bytes"])
        for slot, text in zip(slots.tolist(), found, strict=True):
            texts[slot] = text
        return FrozenBodies.of(texts)
    slots = slots[np.argsort(states["row"][slots], kind="stable")]
    rows, count = states["row"][slots], 0
    for piece in _pieces(manifest):
        count += _read(_bytes(folder / piece.file.name), piece, rows, slots, texts)
    if count != len(rows):
        raise ValueError(f"{len(rows)} rows, bodies of {count}")
    return FrozenBodies.of(texts)


def _read(data: bytes, piece: Piece, rows: npt.NDArray[np.int64], slots: Slots, texts: list[bytes | None]) -> int:
    """Puts the bodies of living rows in their places; returns how many. `rows` (m,) of `slots` (m,), ascending."""
    index = len(data) - piece.bodies * (ROW.itemsize + SIZE.itemsize)
    mine = np.frombuffer(data, ROW, piece.bodies, index)
    sizes = np.frombuffer(data, SIZE, piece.bodies, index + piece.bodies * ROW.itemsize)
    ends = np.cumsum(sizes, dtype=np.int64)
    if index != (ends[-1] if piece.bodies else 0):
        raise ValueError(f"{piece.file.name} has {index} bytes of bodies, their sizes do not add up to that")
    places = np.minimum(rows.searchsorted(mine), max(0, len(rows) - 1))
    living = np.flatnonzero(rows[places] == mine) if len(rows) else np.empty(0, dtype=np.int64)
    stops = ends[living]
    starts = stops - sizes[living]
    for slot, start, stop in zip(slots[places[living]].tolist(), starts.tolist(), stops.tolist(), strict=True):
        texts[slot] = data[start:stop]
    return len(living)


def _cut(data: bytes, sizes: list[int]) -> list[bytes]:
    ends = np.cumsum([0, *sizes]).tolist()
    if ends[-1] != len(data):
        raise ValueError(f"bodies have {len(data)} bytes, their sizes add up to {ends[-1]}")
    return [data[start:end] for start, end in pairwise(ends)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SnapshotDamaged(f"{path.name} cannot be read: {error.strerror}") from error
