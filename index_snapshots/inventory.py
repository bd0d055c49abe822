"""What lies in the shards' folders: each snapshot with its manifest, and whether its files are what was written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from index_snapshots import manifest as manifests
from index_snapshots.checksums import damage
from index_snapshots.folder import REPLICAS, replica_folder
from index_snapshots.manifest import MANIFEST_PATTERN, Manifest, StoredFile
from schemas.errors import StateRefused

SHARD_FOLDER = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class Stored:
    """One snapshot. `manifest` is None where it cannot be read."""

    name: str
    manifest: Manifest | None
    damages: tuple[str, ...] = ()
    """What is wrong, a line for each damaged file; empty when all is well."""

    @property
    def damage(self) -> str:
        """The first of them."""
        return self.damages[0] if self.damages else ""


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

    `every_byte`: checksums of all files (1 GB takes seconds; a file of several snapshots is read once), else only that
    they are there and as long as they were.
    """
    found, known = [], dict[StoredFile, str]()
    for path in sorted(folder.glob(MANIFEST_PATTERN), reverse=True)[:at_most]:
        stored = _look(path, every_byte, known)
        if not stored.damages or path.exists():
            found.append(stored)
    return found


def _look(path: Path, every_byte: bool, known: dict[StoredFile, str]) -> Stored:
    try:
        manifest = manifests.decode(path.read_bytes(), path.name)
    except (OSError, StateRefused) as error:
        says = error.message if isinstance(error, StateRefused) else f"{path.name}: {error}"
        return Stored(path.name, None, (says,))
    for file in manifest.files.values():
        if file not in known:
            known[file] = damage(path.parent / file.name, file, every_byte=every_byte)
    return Stored(path.name, manifest, tuple(says for file in manifest.files.values() if (says := known[file])))
