"""Brings a snapshot from one folder into another, where only that folder's owner reads it: the first stays as it is."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from index_snapshots import manifest as manifests
from index_snapshots.folder import Steps, replace
from index_snapshots.manifest import Manifest, SnapshotDamaged
from index_snapshots.snapshot import next_manifest

Copy = Callable[[Path, Path], object]


def borrow(manifest: Manifest, source: Path, folder: Path, copy: Copy = shutil.copyfile) -> None:
    """Files get a second name, or are copied to another file system by `copy`.

    Raises SnapshotDamaged where one is gone: the shard that owns them prunes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in {file.name for file in manifest.files.values()}:
        try:
            _second(source / name, folder / name, copy)
        except FileNotFoundError as error:
            raise SnapshotDamaged(f"{name} is gone from {source}: the snapshot was pruned meanwhile") from error
    replace(next_manifest(folder), manifests.encode(manifest), Steps(lambda number: None))


def _second(source: Path, target: Path, copy: Copy) -> None:
    if target.exists():
        return
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        copy(source, target)
