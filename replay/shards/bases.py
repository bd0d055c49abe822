"""From what a shard can be rebuilt: snapshots in the shards' folders and in the store."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from index_snapshots.borrowing import Copy, borrow
from index_snapshots.fetching import fetch
from index_snapshots.inventory import shard_folders, snapshots
from index_snapshots.manifest import Manifest, Origin
from index_snapshots.protocol import Offsets
from index_snapshots.shelf import Shelf, shelves
from index_snapshots.stores import ObjectStore
from schemas.errors import StateRefused
from streams.topics import Cluster


class Base(NamedTuple):
    """A snapshot."""

    manifest: Manifest
    where: str
    bring: Callable[[Path], object]
    """Into a folder. Raises SnapshotDamaged, Unavailable."""

    @property
    def origin(self) -> Origin:
        return self.manifest.origin

    @property
    def lineage(self) -> str:
        return self.manifest.lineage

    @property
    def offsets(self) -> Offsets:
        return Offsets(self.manifest.documents_offset, self.manifest.offers_offset)

    def before(self, offsets: Offsets) -> bool:
        """Whether the log leads from here to there."""
        return self.offsets.documents <= offsets.documents and self.offsets.offers <= offsets.offers


def in_folders(data: Path, generation: int, cluster: Cluster, copy: Copy = shutil.copyfile) -> Iterator[Base]:
    """Of all replicas of all shards here; what cannot be read, or is of another cluster, is left out."""
    for place in shard_folders(data):
        if place.generation != generation:
            continue
        for one in snapshots(place.folder, every_byte=False):
            if one.manifest is not None and not one.damages and of_cluster(one.manifest.origin, cluster):
                manifest = one.manifest
                yield Base(manifest, str(place.folder), partial(borrow, manifest, place.folder, copy=copy))


def in_store(store: ObjectStore, generation: int, cluster: Cluster) -> Iterator[Base]:
    """The same in the store. Raises Unavailable."""
    for shelf in shelves(store):
        for name in shelf.manifests():
            try:
                manifest = shelf.manifest(name)
            except StateRefused:
                continue
            if manifest.origin.generation == generation and of_cluster(manifest.origin, cluster):
                yield Base(manifest, store.url, partial(_fetch, shelf, manifest))


def nearest(bases: Iterable[Base], partition: int, offsets: Offsets, lineage: str | None) -> Base | None:
    """The last one from which the log leads to these offsets; `lineage` None: of any."""
    fitting = [
        base
        for base in bases
        if base.origin.partition == partition and base.before(offsets) and lineage in (None, base.lineage)
    ]
    return max(fitting, key=lambda base: base.offsets, default=None)


def of_partition(bases: Iterable[Base], partition: int) -> Sequence[Base]:
    """The oldest first."""
    return sorted((base for base in bases if base.origin.partition == partition), key=lambda base: base.offsets)


def of_cluster(origin: Origin, cluster: Cluster) -> bool:
    ids = {base: cluster.topic_ids.get(base) for base in origin.topic_ids}
    return origin.cluster_id == cluster.cluster_id and origin.topic_ids == ids


def _fetch(shelf: Shelf, manifest: Manifest, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    fetch(shelf, manifest, folder, lambda done, total: None)
