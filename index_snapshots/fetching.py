"""Brings a snapshot from the store into a shard's folder, every byte of it checked on the way."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from index_snapshots import manifest as manifests
from index_snapshots.checksums import damage
from index_snapshots.folder import TEMPORARY, Steps, flush, replace
from index_snapshots.made_again import needed, without
from index_snapshots.manifest import Manifest, Origin, SnapshotDamaged, StoredFile
from index_snapshots.progress import Progress
from index_snapshots.restore import check_age
from index_snapshots.shelf import Shelf
from index_snapshots.snapshot import next_manifest
from index_snapshots.stores import ObjectStore
from schemas.errors import StateRefused

AT_ONCE: Final = 4
"""Files that are fetched side by side: a store far away takes longer to answer than to send a small one."""


class Fetched(NamedTuple):
    name: str | None
    """Of the snapshot that now lies in the folder; None: the store has none that is good."""
    damaged: tuple[str, ...]
    """One line per snapshot that was left out, and per file that the one taken must do without."""


class Brought(NamedTuple):
    name: str
    """In the folder."""
    missing: tuple[str, ...]
    """One line per file that it must do without, because it can be made again."""


def fetch_newest(store: ObjectStore, origin: Origin, folder: Path, now_ms: int, progress: Progress) -> Fetched:
    """Blocking; only the folder's owner may. Raises Unavailable when the store fails, OSError when the disk does."""
    shelf, damaged = Shelf.of(store, origin), list[str]()
    for name in shelf.manifests():
        try:
            manifest = shelf.manifest(name)
            manifests.check_origin(manifest.origin, origin, name)
            check_age(manifest, now_ms)
            return Fetched(name, (*damaged, *fetch(shelf, manifest, folder, progress).missing))
        except StateRefused as error:
            damaged.append(f"snapshot {name} of {store.url} is left out: {error}")
    return Fetched(None, tuple(damaged))


def fetch(shelf: Shelf, manifest: Manifest, folder: Path, progress: Progress) -> Brought:
    """Puts it in place as the newest snapshot of the folder. Raises SnapshotDamaged."""
    files = {file.name: file for file in manifest.files.values()}
    here = _Here(sum(file.size for file in files.values()), progress)
    never_missing = {manifest.files[part].name for part in needed(manifest)}
    damaged = dict[str, str]()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as threads:
        coming = {name: threads.submit(_bring, shelf, file, folder, here) for name, file in files.items()}
        try:
            for name, one in coming.items():
                try:
                    one.result()
                except SnapshotDamaged as error:
                    if name in never_missing:
                        raise
                    damaged[name] = f"its snapshot goes without: {error}"
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    flush(folder)
    path = next_manifest(folder)
    whole = without(manifest, [part for part, file in manifest.files.items() if file.name in damaged])
    replace(path, manifests.encode(whole), Steps(lambda number: None))
    return Brought(path.name, tuple(damaged.values()))


class _Here:
    """Counts the bytes that have come, in whatever thread."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress = total, progress
        self._lock, self._done = threading.Lock(), 0

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            self._progress(self._done, self._total)


def _bring(shelf: Shelf, file: StoredFile, folder: Path, here: _Here) -> None:
    if not damage(folder / file.name, file, every_byte=True):  # an earlier try brought it
        here.add(file.size)
        return
    temporary = folder / f"{TEMPORARY}{file.name}"
    with temporary.open("wb") as target:
        for block in shelf.content(file):
            target.write(block)
            here.add(len(block))
        target.flush()
        os.fsync(target.fileno())
    os.replace(temporary, folder / file.name)
