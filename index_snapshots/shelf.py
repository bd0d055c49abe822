"""The snapshots of one shard in a store: which there are, what they are made of, what their objects are called."""

from collections.abc import Iterable, Iterator
from typing import Final

import xxhash
from pydantic import TypeAdapter

from index_snapshots import manifest as manifests
from index_snapshots.checksums import Checked
from index_snapshots.frames import decompressed
from index_snapshots.inventory import Stored
from index_snapshots.manifest import Manifest, Origin, SnapshotDamaged, StoredFile
from index_snapshots.stores import ObjectMissing, ObjectStore
from schemas.errors import StateRefused

FILES: Final = "files/"
MANIFEST: Final = "manifest-"
RAW: Final = ("vectors", "heads")
"""fp16 numbers shrink by 8 % only; the rest by a third (graphs) or far more (measured)."""
COMPRESSED: Final = ".zst"
_ORIGIN: Final = TypeAdapter(Origin)


class Shelf:
    """Below a folder of its own, which is named by the origin: shards of another cluster or encoder never meet."""

    def __init__(self, store: ObjectStore, folder: str) -> None:
        self.store, self.folder = store, folder

    @classmethod
    def of(cls, store: ObjectStore, origin: Origin) -> "Shelf":
        digest = xxhash.xxh3_64_hexdigest(_ORIGIN.dump_json(origin))
        return cls(store, f"{origin.generation}-{origin.partition}-{digest}/")

    def manifests(self) -> list[str]:
        """Names of the snapshots, the newest first."""
        return self._below(self.store.names(self.folder))[0]

    def contents(self) -> tuple[list[str], set[str]]:
        """Names of the snapshots, the newest first, and of all objects for their files."""
        return self._below(self.store.names(self.folder))

    def manifest(self, name: str) -> Manifest:
        """Raises SnapshotDamaged when it is not there or not what was written, StateRefused when of a newer Freshet."""
        return manifests.decode(self._whole(name), name)

    def put_manifest(self, name: str, data: bytes) -> None:
        self.store.put(self.folder + name, [data], len(data))

    def put_file(self, file: StoredFile, blocks: Iterable[bytes], size: int) -> None:
        """`blocks`: as `object_name` says, compressed or not; `size` of them."""
        self.store.put(self.folder + object_name(file), blocks, size)

    def content(self, file: StoredFile) -> Iterator[bytes]:
        """What was written, piece by piece. Raises SnapshotDamaged before it ends when it is something else."""
        name = object_name(file)
        checked = Checked()
        try:
            blocks = self.store.get(self.folder + name)
            for block in decompressed(blocks) if name.endswith(COMPRESSED) else blocks:
                checked.update(block)
                yield block
        except ObjectMissing:
            raise SnapshotDamaged(f"{file.name} is missing in {self.store.url}") from None
        except ValueError as error:
            raise SnapshotDamaged(f"{file.name} is damaged in {self.store.url}: {error}") from error
        if not checked.is_whole(file):
            raise SnapshotDamaged(f"{file.name} is damaged in {self.store.url}: its checksum does not match")

    def read(self, manifest: Manifest, part: str) -> bytes:
        """A part of a snapshot. Raises SnapshotDamaged."""
        return b"".join(self.content(manifest.files[part]))

    def look(self, name: str, *, every_byte: bool) -> Stored:
        """`every_byte`: fetches all of it and checks it, else only whether its objects are there."""
        try:
            manifest = self.manifest(name)
        except StateRefused as error:
            return Stored(name, None, (error.message,))
        there = set() if every_byte else self.contents()[1]
        damages = (self._damage(file, None if every_byte else there) for file in manifest.files.values())
        return Stored(name, manifest, tuple(filter(None, damages)))

    def remove(self, name: str) -> None:
        """A manifest, or an object for a file."""
        self.store.remove(self.folder + name)

    def _damage(self, file: StoredFile, there: set[str] | None) -> str:
        if there is not None:
            return "" if object_name(file) in there else f"{file.name} is missing in {self.store.url}"
        try:
            for _ in self.content(file):
                pass
        except SnapshotDamaged as error:
            return error.message
        return ""

    def _whole(self, name: str) -> bytes:
        try:
            return b"".join(self.store.get(self.folder + name))
        except ObjectMissing:
            raise SnapshotDamaged(f"{name} is missing in {self.store.url}") from None

    def _below(self, names: Iterable[str]) -> tuple[list[str], set[str]]:
        short = [name.removeprefix(self.folder) for name in names]
        return (
            sorted((name for name in short if name.startswith(MANIFEST)), reverse=True),
            {name for name in short if name.startswith(FILES)},
        )


def shelves(store: ObjectStore) -> list[Shelf]:
    """Of all shards that have a snapshot there."""
    folders = {name.partition("/")[0] for name in store.names("") if f"/{MANIFEST}" in name}
    return [Shelf(store, f"{folder}/") for folder in sorted(folders)]


def manifest_name(manifest: Manifest) -> str:
    """Says where it stands, so the newest is the last by name; the same for every replica of a lineage."""
    lineage = xxhash.xxh3_64_hexdigest(manifest.lineage.encode())[:8]
    return f"{MANIFEST}{manifest.documents_offset:015}-{manifest.offers_offset:015}-{lineage}.json"


def object_name(file: StoredFile) -> str:
    """Below the shelf; `.zst` when it is compressed there (`frames.py`)."""
    raw = file.name.partition("-")[2] in RAW
    return FILES + file.name + ("" if raw else COMPRESSED)
