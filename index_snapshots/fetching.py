"""Brings a snapshot from the store into a shard's folder, every byte of it checked on the way."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from index_snapshots import manifest as manifests
from index_snapshots.checksums import damage
from index_snapshots.folder import TEMPORARY, Steps, flush, replace
from index_snapshots.manifest import Manifest, Origin, StoredFile
from index_snapshots.restore import check_age
from index_snapshots.shelf import Shelf
from index_snapshots.snapshot import next_manifest
from index_snapshots.stores import ObjectStore
from schemas.errors import StateRefused

Progress = Callable[[int, int], None]
"""Called with the bytes that are here and those of the whole snapshot."""
TELL_S: Final = 2.0
"""Time between two lines of progress."""


class Fetched(NamedTuple):
    name: str | None
    """Of the snapshot that now lies in the folder; None: the store has none that is good."""
    damaged: tuple[str, ...]
    """One line per snapshot that was left out."""


def fetch_newest(store: ObjectStore, origin: Origin, folder: Path, now_ms: int, progress: Progress) -> Fetched:
    """Blocking; only the folder's owner may. Raises Unavailable when the store fails, OSError when the disk does."""
    shelf, damaged = Shelf.of(store, origin), list[str]()
    for name in shelf.manifests():
        try:
            manifest = shelf.manifest(name)
            manifests.check_origin(manifest.origin, origin, name)
            check_age(manifest, now_ms)
            fetch(shelf, manifest, folder, progress)
            return Fetched(name, tuple(damaged))
        except StateRefused as error:
            damaged.append(f"snapshot {name} of {store.url} is left out: {error}")
    return Fetched(None, tuple(damaged))


def fetch(shelf: Shelf, manifest: Manifest, folder: Path, progress: Progress) -> str:
    """Puts it in place as the newest snapshot of the folder; returns its name there. Raises SnapshotDamaged."""
    files = {file.name: file for file in manifest.files.values()}.values()
    total, done = sum(file.size for file in files), 0
    for file in files:
        if damage(folder / file.name, file, every_byte=True):  # else an earlier try brought it
            for count in _taken(shelf, file, folder):
                progress(done + count, total)
        done += file.size
        progress(done, total)
    flush(folder)
    path = next_manifest(folder)
    replace(path, manifests.encode(manifest), Steps(lambda number: None))
    return path.name


def now_and_then(tell: Callable[[int, int, float], None]) -> Progress:
    """`tell(done, total, left_s)` every TELL_S seconds; `left_s`: until the end, if it goes on like this."""
    started_s = told_s = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s >= TELL_S:
            told_s = now_s
            tell(done, total, (now_s - started_s) * (total - done) / max(1, done))

    return progress


def _taken(shelf: Shelf, file: StoredFile, folder: Path) -> Iterator[int]:
    """How much of it is here, after each piece."""
    temporary, size = folder / f"{TEMPORARY}{file.name}", 0
    with temporary.open("wb") as target:
        for block in shelf.content(file):
            target.write(block)
            size += len(block)
            yield size
        target.flush()
        os.fsync(target.fileno())
    os.replace(temporary, folder / file.name)
