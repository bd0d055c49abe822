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


def mend(folder: Path, store: ObjectStore, pace: Pace, sent: str | None, *, every_byte: bool) -> list[Shipped]:
    """What had to be sent again, of the snapshots in the folder that the store should have. Blocking.

    `sent`: the newest of them that was sent; it comes back also when its manifest is gone and none as new is there.
    `every_byte`: reads all of their objects back, at `pace`; else only what is missing or noted as damaged is found.
    Raises what `ship` raises.
    """
    mended, read = list[Shipped](), set[StoredFile]()
    for name, manifest, gone in _ours(folder, store, sent):
        if every_byte:
            read |= _read_back(Shelf.of(store, manifest.origin), set(manifest.files.values()) - read, pace)
        with suppress(FileNotFoundError):  # pruned meanwhile
            shipped = ship(folder, name, store, pace, only_mend=not gone)
            if shipped.files_sent or shipped.manifest_sent:
                mended.append(shipped)
    return mended


def _ours(folder: Path, store: ObjectStore, sent: str | None) -> Iterator[tuple[str, Manifest, bool]]:
    """Name and manifest, and whether it is gone there: others that are gone were pruned."""
    for path in sorted(folder.glob(MANIFEST_PATTERN), reverse=True):
        try:
            manifest = manifests.decode(path.read_bytes(), path.name)
        except (FileNotFoundError, StateRefused):
            continue
        its_name, there = manifest_name(manifest), Shelf.of(store, manifest.origin).manifests()
        if its_name in there:
            yield path.name, manifest, False
        elif path.name == sent and its_name > max(there, default=""):
            yield path.name, manifest, True


def _read_back(shelf: Shelf, files: set[StoredFile], pace: Pace) -> set[StoredFile]:
    """Whoever reads a damaged object leaves a note of it (`Shelf.content`)."""
    for file in sorted(files, key=lambda file: file.name):
        with suppress(SnapshotDamaged):
            for _ in pace.through(shelf.content(file)):
                pass
    return files
