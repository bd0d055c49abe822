"""Where `freshet snapshot` finds snapshots: in the shards' folders here, or in the store."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from freshet.remedies import shard_name
from freshet.running import data_folder
from index_snapshots.compare import read_part
from index_snapshots.folder import Steps, owned
from index_snapshots.inventory import Stored, shard_folders, snapshots
from index_snapshots.manifest import Manifest
from index_snapshots.pruning import plan, prune
from index_snapshots.shelf import Shelf, shelves
from index_snapshots.store_pruning import StorePruner
from index_snapshots.stores import ObjectStore, open_store
from schemas.errors import InvalidRequest, SettingsError
from schemas.settings import ShardSettings, read

SHELF = re.compile(r"(\d+)-(\d+)-[0-9a-f]+/")
"""A shard's folder in the store."""


class Pruned(NamedTuple):
    stays: dict[str, str]
    """Why each snapshot that stays does, by name."""
    snapshots: list[str]
    files: int
    size: int | None
    """Bytes of these files; None: the store does not tell."""


class Place(NamedTuple):
    """The snapshots of one shard."""

    partition: int
    replica: int | None
    """None: in the store, which replicas share."""
    look: Callable[[bool], list[Stored]]
    """All of them, the newest first; True: each byte is checked."""
    read: Callable[[Manifest, str], bytes]
    """A part of a snapshot. Raises SnapshotDamaged."""
    prune: Callable[[int, int, bool], Pruned]
    """Given how many to keep, ms since 1970, and whether it only says what it would do."""
    folder: Path | None = None
    shelf: Shelf | None = None

    @property
    def name(self) -> str:
        return (
            f"shard {self.partition} in the store" if self.replica is None else shard_name(self.partition, self.replica)
        )


def places(partition: int | None, replica: int | None, data: Path | None, in_store: bool) -> list[Place]:
    """Of this generation's shards. Raises InvalidRequest when there is none, SettingsError without a store."""
    settings = read(ShardSettings, os.environ)
    if in_store:
        store = configured_store(settings)
        found, where = list(_in_store(store, settings.generation)), store.url
    else:
        folder = data_folder(data, os.environ)
        found, where = list(_in_folders(folder, settings.generation)), str(folder / "shards")
    chosen = [
        place
        for place in found
        if partition in (None, place.partition) and (in_store or replica in (None, place.replica))
    ]
    if not chosen:
        which = "no shard" if partition is None else f"no {shard_name(partition, replica or 0)}"
        raise InvalidRequest("no_shard", f"there is {which} in {where}", hint="freshet status shows the data folder")
    return chosen


def configured_store(settings: ShardSettings) -> ObjectStore:
    if not settings.snapshot_store:
        raise SettingsError(
            "no snapshot store is set", hint="FRESHET_SNAPSHOT_STORE says where it is: docs/settings.md"
        )
    return open_store(settings, os.environ)


def _in_folders(data: Path, generation: int) -> Iterable[Place]:
    for shard in shard_folders(data):
        if shard.generation == generation:
            yield _local(shard.partition, shard.replica, shard.folder)


def _local(partition: int, replica: int, folder: Path) -> Place:
    def pruned(keep: int, now_ms: int, dry_run: bool) -> Pruned:
        if dry_run:
            planned = plan(folder, keep, now_ms, every_byte=True)
        else:
            with owned(folder):
                planned = plan(folder, keep, now_ms, every_byte=True)
                prune(folder, planned, Steps(lambda number: None))
        return Pruned(dict(planned.stays), planned.manifests, len(planned.files), planned.size)

    return Place(
        partition,
        replica,
        lambda every_byte: snapshots(folder, every_byte=every_byte),
        read_part(folder),
        pruned,
        folder=folder,
    )


def _in_store(store: ObjectStore, generation: int) -> Iterable[Place]:
    for shelf in shelves(store):
        found = SHELF.fullmatch(shelf.folder)
        if found and int(found[1]) == generation:
            yield _on_shelf(int(found[2]), shelf)


def _on_shelf(partition: int, shelf: Shelf) -> Place:
    def pruned(keep: int, now_ms: int, dry_run: bool) -> Pruned:
        done = StorePruner(shelf, keep, grace_s=0).prune(now_ms, 0, every_byte=True, dry_run=dry_run)
        return Pruned(done.stays, done.snapshots, len(done.objects), None)

    def look(every_byte: bool) -> list[Stored]:
        return [shelf.look(name, every_byte=every_byte) for name in shelf.manifests()]

    return Place(partition, None, look, shelf.read, pruned, shelf=shelf)
