"""Looks whether a store still has what a shard sent there, and sends again what is missing or damaged."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from index_snapshots import manifest as manifests
from index_snapshots.manifest import MANIFEST_PATTERN, Manifest, SnapshotDamaged, StoredFile
from index_snapshots.pace import Pace
from index_snapshots.shelf import Shelf, manifest_name
from index_snapshots.shipping import Shipped, ship
from index_snapshots.stores import ObjectStore
from schemas.errors import StateRefused


def mend(folder: Path, store: ObjectStore, pace: Pace, *, every_byte: bool) -> list[Shipped]:
    """What had to be sent again, of the snapshots in the folder that the store should have. Blocking.

    `every_byte`: reads all of their objects back, at `pace`; else only what is missing or noted as damaged is found.
    Raises what `ship` raises.
    """
    mended, read = list[Shipped](), set[StoredFile]()
    for name, manifest in _ours(folder, store):
        if every_byte:
            read |= _read_back(Shelf.of(store, manifest.origin), set(manifest.files.values()) - read, pace)
        with suppress(FileNotFoundError):  # pruned meanwhile
            shipped = ship(folder, name, store, pace)
            if shipped.files_sent or shipped.manifest_sent:
                mended.append(shipped)
    return mended


def _ours(folder: Path, store: ObjectStore) -> Iterator[tuple[str, Manifest]]:
    """The newest snapshot of the folder that can be read, and those of the older ones that are in the store."""
    newest = True
    for path in sorted(folder.glob(MANIFEST_PATTERN), reverse=True):
        try:
            manifest = manifests.decode(path.read_bytes(), path.name)
        except (FileNotFoundError, StateRefused):
            continue
        if newest or manifest_name(manifest) in Shelf.of(store, manifest.origin).manifests():
            yield path.name, manifest
        newest = False


def _read_back(shelf: Shelf, files: set[StoredFile], pace: Pace) -> set[StoredFile]:
    """Whoever reads a damaged object leaves a note of it (`Shelf.content`)."""
    for file in sorted(files, key=lambda file: file.name):
        with suppress(SnapshotDamaged):
            for _ in pace.through(shelf.content(file)):
                pass
    return files
