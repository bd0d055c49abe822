"""The snapshots of one shard in a store: which there are, what they are made of, what their objects are called."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

import xxhash
from pydantic import TypeAdapter

from index_snapshots import manifest as manifests
from index_snapshots.checksums import Checked
from index_snapshots.frames import decompressed
from index_snapshots.inventory import Stored
from index_snapshots.manifest import Manifest, Origin, SnapshotDamaged, StoredFile
from index_snapshots.stores import ObjectMissing, ObjectStore
from schemas.errors import StateRefused, Unavailable

FILES: Final = "files/"
MANIFEST: Final = "manifest-"
DAMAGED: Final = "damaged/"
"""Notes on objects that are not what was written, empty and named like them: whoever has the file sends it again."""
RAW: Final = ("vectors", "heads")
"""fp16 numbers shrink by 8 % only; the rest by a third (graphs) or far more (measured)."""
COMPRESSED: Final = ".zst"
_ORIGIN: Final = TypeAdapter(Origin)


class Contents(NamedTuple):
    """What lies on a shelf."""

    manifests: list[str]
    """Names of the snapshots, the newest first."""
    objects: set[str]
    """Names of all objects for their files."""
    damaged: set[str]
    """Names of objects that somebody found damaged, whether they are still there or not."""

    @property
    def whole(self) -> set[str]:
        """Objects of which nobody knows that they are damaged."""
        return self.objects - self.damaged


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
        return self.contents().manifests

    def contents(self) -> Contents:
        short = [name.removeprefix(self.folder) for name in self.store.names(self.folder)]
        return Contents(
            sorted((name for name in short if name.startswith(MANIFEST)), reverse=True),
            {name for name in short if name.startswith(FILES)},
            {FILES + name.removeprefix(DAMAGED) for name in short if name.startswith(DAMAGED)},
        )

    def manifest(self, name: str) -> Manifest:
        """Raises SnapshotDamaged when it is not there or not what was written, StateRefused when of a newer Freshet."""
        return manifests.decode(self._whole(name), name)

    def put_manifest(self, name: str, data: bytes) -> bool:
        """False when one of this name is there, or comes at the same time: it stays as it is."""
        return self.store.put_new(self.folder + name, data)

    def put_file(self, file: StoredFile, blocks: Iterator[bytes], size: int) -> None:
        """`blocks`: as `object_name` says, compressed or not; `size` of them."""
        self.store.put(self.folder + object_name(file), blocks, size)

    def forget(self, name: str) -> None:
        """That an object is damaged."""
        self.store.remove(self.folder + note_name(name))

    def content(self, file: StoredFile) -> Iterator[bytes]:
        """What was written, piece by piece. Raises SnapshotDamaged before it ends when it is something else; then
        the shelf bears a note of it.
        """
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
            self._note(name)
            raise SnapshotDamaged(f"{file.name} is damaged in {self.store.url}: {error}") from error
        if not checked.is_whole(file):
            self._note(name)
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
        contents = None if every_byte else self.contents()
        damages = (self._damage(file, contents) for file in manifest.files.values())
        return Stored(name, manifest, tuple(filter(None, damages)))

    def remove(self, name: str) -> None:
        """A manifest, or an object for a file."""
        self.store.remove(self.folder + name)

    def _damage(self, file: StoredFile, contents: Contents | None) -> str:
        if contents is not None:
            name = object_name(file)
            if name in contents.whole:
                return ""
            return f"{file.name} is {'damaged' if name in contents.objects else 'missing'} in {self.store.url}"
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

    def _note(self, name: str) -> None:
        with suppress(Unavailable):  # who may only read cannot leave one
            self.store.put_new(self.folder + note_name(name), b"")


def shelves(store: ObjectStore) -> list[Shelf]:
    """Of all shards that have a snapshot there."""
    folders = {name.partition("/")[0] for name in store.names("") if f"/{MANIFEST}" in name}
    return [Shelf(store, f"{folder}/") for folder in sorted(folders)]


def manifest_name(manifest: Manifest) -> str:
    """Says where it stands, so the newest is the last by name; the same for every replica of a lineage."""
    lineage = xxhash.xxh3_64_hexdigest(manifest.lineage.encode())[:8]
    return f"{MANIFEST}{manifest.documents_offset:015}-{manifest.offers_offset:015}-{lineage}.json"


def objects_of(manifest: Manifest) -> set[str]:
    """Names of the objects of a snapshot."""
    return {object_name(file) for file in manifest.files.values()}


def note_name(name: str) -> str:
    """Of the note that an object is damaged."""
    return DAMAGED + name.removeprefix(FILES)


def object_name(file: StoredFile) -> str:
    """Below the shelf; `.zst` when it is compressed there (`frames.py`)."""
    raw = file.name.partition("-")[2] in RAW
    return FILES + file.name + ("" if raw else COMPRESSED)
