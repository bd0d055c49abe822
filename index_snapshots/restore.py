"""Reads the newest snapshot that verifies; what does not is named, and another shard's or cluster's is refused."""

import gc
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from index_snapshots import manifest as manifests
from index_snapshots.checksums import damage
from index_snapshots.columns import STATE, FrozenColumns
from index_snapshots.folder import Known, Seen
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.made_again import needed, results_of, without
from index_snapshots.manifest import MANIFEST_PATTERN, Manifest, Origin, SnapshotDamaged, StoredFile
from index_snapshots.protocol import Counts, Identity, Offsets
from index_snapshots.restore_vectors import restored_vectors
from index_snapshots.stored import Vocabulary
from index_snapshots.stored_bodies import BODIES, read_bodies
from index_snapshots.stored_slots import states_by_slot
from index_snapshots.stored_state import unpacked
from index_snapshots.view import ShardView
from index_snapshots.words import Paths, Words
from schemas.errors import StateRefused
from schemas.topics import DAY_MS

FIRST = ("names", "states")
"""Parts that are needed before all others."""
AGE_DAYS_MAX = 30
"""An older one could bring back a product whose delete is purged from the log; deletes are remembered for longer."""


@dataclass(frozen=True)
class Restored:
    """What a folder gave."""

    view: ShardView | None
    """The state to go on from (`ShardWriter(view.identity, ..., start=view)`); None: begin at the start of the log."""
    damaged: tuple[str, ...]
    """One line per snapshot that did not verify: log it as an error."""
    merges_damaged: tuple[str, ...] = ()
    """One line per merge under way whose stored result did not verify: an error too, and it is done again."""


class Loaded(NamedTuple):
    """One snapshot, read."""

    view: ShardView
    merges_damaged: tuple[str, ...]
    """See `Restored`."""


def restore(
    folder: Path, expected: Origin, now_ms: int, known: Known | None = None, guards: Guards = GUARDS
) -> Restored:
    """`known` gets what was read, so that the next snapshot need not read it again.

    Raises StateRefused when the newest readable snapshot is of another origin or of a newer format."""
    damaged: list[str] = []
    for path in sorted(folder.glob(MANIFEST_PATTERN), reverse=True):
        try:
            manifest = manifests.decode(_bytes(path), path.name)
            manifests.check_origin(manifest.origin, expected, path.name)
            check_age(manifest, now_ms)
            view, merges_damaged = load(folder, manifest, known or Known(), guards)
            return Restored(view, tuple(damaged), merges_damaged)
        except SnapshotDamaged as error:
            damaged.append(f"snapshot {path.name} is left out: {error}")
    return Restored(None, tuple(damaged))


def check_age(manifest: Manifest, now_ms: int) -> None:
    """Raises SnapshotDamaged when it is too old to be used."""
    if now_ms - manifest.written_ms > AGE_DAYS_MAX * DAY_MS:
        raise SnapshotDamaged(f"it is older than {AGE_DAYS_MAX} days: the log may have purged deletes since")


def check_log(partition: int, offsets: Offsets, documents: tuple[int, int], offers: tuple[int, int]) -> None:
    """Whether the log still has what follows a state; `documents` and `offers` are (first offset kept, end).

    Raises StateRefused when the log ends before the state does (another log, or a lost disk) or begins after it.
    """
    for topic, offset, (begin, end) in zip(Offsets._fields, offsets, (documents, offers), strict=True):
        if not begin <= offset <= end:
            raise StateRefused(
                f"the snapshot of partition {partition} stands at offset {offset} of {topic}, "
                f"but the log holds {begin} to {end}",
                hint=f"run `freshet shard rebuild --partition {partition} --from-log`: it removes the local state, "
                "and the shard is rebuilt from the log",
            )


def load(folder: Path, manifest: Manifest, known: Known, guards: Guards = GUARDS) -> Loaded:
    """Raises SnapshotDamaged naming the first file that is missing or not what was written."""
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="verify") as threads:
        verified = Verified(folder, manifest, threads, guards)
        try:
            with _no_collections():
                view = _assemble(folder, manifest, verified)
                broken = verified.broken()
        except (KeyError, ValueError, IndexError) as error:
            raise SnapshotDamaged(f"its files do not fit together: {error!r}") from error
    known.files |= verified.files
    known.newest = without(manifest, broken)
    return Loaded(view, tuple(dict.fromkeys(broken.values())))


@contextmanager
def _no_collections() -> Iterator[None]:
    """A state is millions of objects and no cycle: to look for some again and again took a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class Verified:
    """Reads every byte in other threads: hashing gives up the interpreter, so what came first is taken meanwhile.

    The words are left out: they verify themselves, and can be built from the rest. So can what merges under way have
    come to: of these `broken` tells.
    """

    def __init__(self, folder: Path, manifest: Manifest, threads: ThreadPoolExecutor, guards: Guards) -> None:
        self.files: dict[str, tuple[Seen, StoredFile]] = {}
        self.needed = needed(manifest)
        self._results = sorted(set[str]().union(*results_of(manifest)))
        self._manifest = manifest
        wanted = sorted(self.needed, key=lambda part: (part not in FIRST, not part.startswith(BODIES), part))
        once = dict.fromkeys(manifest.files[part] for part in [*wanted, *self._results])
        self._looks = {file: threads.submit(_looked_at, folder, file, guards.checksums) for file in once}

    def wait(self, parts: Iterable[str]) -> None:
        """Until these are known to be whole. Raises SnapshotDamaged."""
        for part in parts:
            if wrong := self._wrong(part):
                raise SnapshotDamaged(wrong)

    def broken(self) -> dict[str, str]:
        """What is wrong with parts of results of merges, by part."""
        return {part: wrong for part in self._results if (wrong := self._wrong(part))}

    def _wrong(self, part: str) -> str:
        file = self._manifest.files[part]
        seen, wrong = self._looks[file].result()
        if seen is not None and not wrong:
            self.files[file.name] = seen, file
        return wrong


def _looked_at(folder: Path, file: StoredFile, every_byte: bool) -> tuple[Seen | None, str]:
    """Which file that is, and what is wrong with it."""
    path = folder / file.name
    try:
        seen = Seen.of(path)
    except OSError:
        seen = None
    return seen, damage(path, file, every_byte=every_byte)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SnapshotDamaged(f"{path.name} cannot be read: {error.strerror}") from error


def _assemble(folder: Path, manifest: Manifest, verified: Verified) -> ShardView:
    verified.wait(FIRST)
    names_json, state_bytes = (
        unpacked(_bytes(folder / manifest.files[part].name), manifest.format_version) for part in FIRST
    )
    names = orjson.loads(names_json)
    states: npt.NDArray[Any] = np.frombuffer(state_bytes, dtype=STATE)
    if len(names["sku"]) != len(states):
        raise ValueError(f"{len(states)} states, {len(names['sku'])} SKUs")
    by_slot = states_by_slot(folder, manifest, len(states))
    if by_slot is not None:
        states, names["sku"] = states[by_slot], [names["sku"][at] for at in by_slot.tolist()]
    skus: list[str] = names["sku"]
    words = Vocabulary(
        skus,
        {sku: slot for slot, sku in enumerate(skus)},
        Words(names["brand"]),
        Paths(map(tuple, names["category"])),
        Words(names["currency"]),
    )
    verified.wait(part for part in manifest.files if part.startswith(BODIES))
    bodies = read_bodies(folder, manifest, names, states)
    verified.wait(verified.needed)  # a damaged graph must never reach the native code
    return ShardView(
        Identity(manifest.origin.partition, manifest.lineage, manifest.origin.encoder, manifest.origin.dim),
        Offsets(manifest.documents_offset, manifest.offers_offset),
        Counts(*manifest.counts),
        FrozenColumns.of(states),
        restored_vectors(folder, without(manifest, verified.broken()), states),
        bodies,
        words,
        int(manifest.digest_documents, 16),
        int(manifest.digest_offers, 16),
    )
