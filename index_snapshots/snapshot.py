"""Writes one pinned view to a shard's folder: data first, the manifest last, then what is no longer needed goes.

The files hold the state in the order of the SKUs, so equal states give equal files on every replica.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from index_snapshots import manifest as manifests
from index_snapshots.builder import Built
from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.folder import TEMPORARY, Known, Step, Steps, adopt, flush, replace, store
from index_snapshots.gentle import Rest, no_rest
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.manifest import (
    FORMAT_VERSION,
    MANIFEST_PATTERN,
    Manifest,
    Origin,
    StoredFile,
    StoredHead,
    StoredMerge,
    StoredPacing,
    StoredSegment,
    Structure,
)
from index_snapshots.merge import Segment
from index_snapshots.nearest import FrozenVectors
from index_snapshots.parts import Store
from index_snapshots.pending import Planned
from index_snapshots.pruning import plan, prune
from index_snapshots.segment_files import named_files, place_of_merge
from index_snapshots.stored_bodies import write_bodies
from index_snapshots.stored_slots import PART as SLOTS
from index_snapshots.stored_slots import packed_slots
from index_snapshots.stored_state import packed
from index_snapshots.view import ShardView

BLOCK_ROWS: Final = CHUNK_ROWS
StoringWords = Callable[[Steps, Known], dict[str, StoredFile]]


def no_words(steps: Steps, known: Known) -> dict[str, StoredFile]:
    """They are built from the bodies at a restore."""
    return {}


ResultOf = Callable[[Planned, Built], Segment | None]


def no_results(planned: Planned, built: Built) -> None:
    """Merges under way are begun anew at a restore."""


def write(
    view: ShardView,
    folder: Path,
    origin: Origin,
    keep: int,
    now_ms: int,
    step: Step = lambda number: None,
    rest: Rest = no_rest,
    known: Known | None = None,
    words: StoringWords = no_words,
    results: ResultOf = no_results,
    guards: Guards = GUARDS,
) -> Manifest:
    """Blocking; the shard may go on meanwhile. One write per folder at a time, by its owner (`folder.owned`).

    `words` writes the files of the index of words; `results` says what a merge under way has come to, and may wait for
    it; None: the snapshot goes without. `rest` is called after each piece of work; `known`: what this
    process knows of the folder, which is noted there.

    Raises OSError (a full disk, say); the earlier snapshots stay.
    """
    steps, known = Steps(step, rest, guards), known or Known()
    steps()
    _clear_temporary(folder)
    state = view.stored(rest)
    bodies, body_files = write_bodies(view, state, folder, steps, known)
    word_files = words(steps, known)
    if word_files:
        word_files[SLOTS] = store(folder, SLOTS, packed_slots(state.slots), steps)
    files = {
        **_segments(view.vectors, folder, steps, known),
        **_heads(view.vectors, folder, steps),
        **body_files,
        **word_files,
        "states": store(folder, "states", packed(_blocks(state.states())), steps),
        "names": store(folder, "names", packed(state.names_json()), steps),
    }
    steps()
    under_way = zip(view.vectors.pending, view.vectors.builds, strict=True)
    segments = [None if built is None else results(planned, built) for planned, built in under_way]
    files |= _results(segments, folder, steps, known)
    flush(folder)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        origin=origin,
        lineage=view.identity.lineage,
        documents_offset=view.offsets.documents + (not guards.offsets),
        offers_offset=view.offsets.offers,
        counts=[view.counts.skus, view.counts.rows, view.counts.visible, view.counts.held_offers],
        digest_documents=view.digest_documents,
        digest_offers=view.digest_offers,
        written_ms=now_ms,
        structure=_structure(view.vectors, segments),
        bodies=bodies,
        files=files,
    )
    replace(next_manifest(folder), manifests.encode(manifest), steps)
    known.newest = manifest
    prune(folder, plan(folder, keep, now_ms), steps)
    return manifest


def _segments(vectors: FrozenVectors, folder: Path, steps: Steps, known: Known) -> dict[str, StoredFile]:
    """The segments' files are immutable and named by their content: they get one more name, and no copy."""
    segments = [part.store.segment for part in vectors.parts if part.store.segment]
    return {
        name: adopt(folder, path, steps, known)
        for at, segment in enumerate(segments)
        for name, path in named_files(at, segment.files)
    }


def _results(segments: Sequence[Segment | None], folder: Path, steps: Steps, known: Known) -> dict[str, StoredFile]:
    """Files of what merges under way have come to."""
    return {
        name: adopt(folder, path, steps, known)
        for at, segment in enumerate(segments)
        if segment is not None
        for name, path in named_files(place_of_merge(at), segment.files)
    }


def _heads(vectors: FrozenVectors, folder: Path, steps: Steps) -> dict[str, StoredFile]:
    """What is not in a segment yet, and which rows the merges under way take."""
    heads = [(part.store.head, part.count) for part in vectors.parts if part.store.head]
    kept = [mask for planned in vectors.pending for mask in planned.kept]
    return {
        "heads": store(folder, "heads", (head.vectors[:count].astype("<f2").data for head, count in heads), steps),
        "levels": store(folder, "levels", (head.levels[:count].data for head, count in heads), steps),
        "kept": store(folder, "kept", (np.packbits(mask, bitorder="little").data for mask in kept), steps),
    }


def _structure(vectors: FrozenVectors, results: Sequence[Segment | None]) -> Structure:
    stores = sorted((part.store for part in vectors.parts), key=lambda store: store.segment is None)
    return Structure(
        seals=vectors.seals,
        sealed_ms=vectors.sealed_ms,
        next_row=vectors.next_row,
        pacing=StoredPacing(**asdict(vectors.pacing)),
        segments=[_segment(one.segment) for one in stores if one.segment],
        heads=[
            StoredHead(first_row=part.store.first_row, count=part.count) for part in vectors.parts if part.store.head
        ],
        merges=[
            StoredMerge(
                parts=[_place(stores, one) for one in planned.taken],
                grown=planned.grown,
                of_base=planned.of_base,
                begun=planned.begun,
                due=planned.due,
                result=None if segment is None else _segment(segment),
            )
            for planned, segment in zip(vectors.pending, results, strict=True)
        ],
    )


def _segment(segment: Segment) -> StoredSegment:
    return StoredSegment(
        size=segment.size,
        pieces=len(segment.files.codes),
        dropped=segment.dropped,
        **asdict(segment.calibration),
    )


def _place(stores: list[Store], one: Store) -> int:
    return next(at for at, store in enumerate(stores) if store is one)


def _blocks(states: npt.NDArray[Any]) -> Iterator[bytes]:
    for start in range(0, len(states), BLOCK_ROWS):
        yield states[start : start + BLOCK_ROWS].tobytes()


def next_manifest(folder: Path) -> Path:
    """Where the newest snapshot of a folder is to lie."""
    numbers = [int(text) for path in folder.glob(MANIFEST_PATTERN) if (text := path.stem.partition("-")[2]).isdigit()]
    return folder / f"manifest-{max(numbers, default=0) + 1:012d}.json"


def _clear_temporary(folder: Path) -> None:
    for path in folder.glob(f"{TEMPORARY}*"):
        path.unlink()
