"""What lies in the shards' folders: each snapshot with its manifest, and whether its files are what was written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from index_snapshots import manifest as manifests
from index_snapshots.checksums import damage
from index_snapshots.folder import REPLICAS, replica_folder
from index_snapshots.manifest import MANIFEST_PATTERN, Manifest
from schemas.errors import StateRefused

SHARD_FOLDER = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class Stored:
    """One snapshot. `manifest` is None where it cannot be read; `damage` says what is wrong, and with which file."""

    name: str
    manifest: Manifest | None
    damage: str = ""


class ShardPlace(NamedTuple):
    """Where one replica of a shard keeps its snapshots."""

    generation: int
    partition: int
    replica: int
    folder: Path


def shard_folders(data: Path) -> Iterator[ShardPlace]:
    """Every shard that ever was here, replica by replica."""
    numbers = [int(folder.name) for folder in (data / REPLICAS).glob("*") if folder.name.isdecimal()]
    for replica in (0, *sorted(numbers)):
        for folder in sorted((replica_folder(data, replica) / "shards").glob("*-*")):
            if found := SHARD_FOLDER.fullmatch(folder.name):
                yield ShardPlace(int(found[1]), int(found[2]), replica, folder)


def snapshots(folder: Path, *, every_byte: bool, at_most: int | None = None) -> list[Stored]:
    """Newest first. Reads only, also beside a running shard: what that removes meanwhile is no damage.

    `every_byte`: checksums of all files (1 GB takes seconds), else only that they are there and as long as they were.
    """
    found = []
    for path in sorted(folder.glob(MANIFEST_PATTERN), reverse=True)[:at_most]:
        stored = _look(path, every_byte)
        if not stored.damage or path.exists():
            found.append(stored)
    return found


def _look(path: Path, every_byte: bool) -> Stored:
    try:
        manifest = manifests.decode(path.read_bytes(), path.name)
    except (OSError, StateRefused) as error:
        return Stored(path.name, None, error.message if isinstance(error, StateRefused) else f"{path.name}: {error}")
    damages = (damage(path.parent / file.name, file, every_byte=every_byte) for file in manifest.files.values())
    return Stored(path.name, manifest, next(filter(None, damages), ""))
