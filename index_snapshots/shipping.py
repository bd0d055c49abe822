"""Sends a snapshot to the store: what is there already is not sent again, and the manifest comes last."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from index_snapshots import manifest as manifests
from index_snapshots.checksums import BLOCK_BYTES, Checked
from index_snapshots.frames import compressed
from index_snapshots.manifest import Manifest, SnapshotDamaged, StoredFile
from index_snapshots.pace import Pace
from index_snapshots.shelf import COMPRESSED, Contents, Shelf, manifest_name, object_name, objects_of
from index_snapshots.stores import ObjectStore
from schemas.errors import StateRefused, Unavailable

ROUNDS_MAX: Final = 3
"""Another replica may prune a file of ours just before our manifest names it: then it is sent again, so often."""


class Shipped(NamedTuple):
    name: str
    """Of the manifest in the store."""
    documents_offset: int
    files: int
    files_sent: int
    bytes: int
    """Of all files."""
    bytes_sent: int
    """As they are stored: compressed."""
    manifest_sent: bool
    """False: it was there already."""


def ship(folder: Path, name: str, store: ObjectStore, pace: Pace, *, only_mend: bool = False) -> Shipped:
    """Sends the snapshot whose manifest is `folder / name`. Blocking.

    What is there and whole stays as it is; what is missing, or noted as damaged, is sent again. `only_mend`: nothing is
    sent when the manifest is gone, since another replica has pruned it.

    Raises FileNotFoundError when it was pruned meanwhile, SnapshotDamaged when a file is no longer what was written
    (it is not sent), StateRefused when another state has this name there, Unavailable when the store fails: what was
    sent stays there, and the next try goes on behind it.
    """
    data = (folder / name).read_bytes()
    manifest = manifests.decode(data, name)
    shelf, its_name = Shelf.of(store, manifest.origin), manifest_name(manifest)
    files = list({file.name: file for file in manifest.files.values()}.values())
    sent, manifest_sent = list[int](), False
    with ExitStack() as opened:  # open files are whole, whatever is pruned meanwhile
        handles = {file: opened.enter_context((folder / file.name).open("rb")) for file in files}
        for _ in range(ROUNDS_MAX):
            contents = shelf.contents()
            gone = only_mend and its_name not in contents.manifests
            standing = _standing(shelf, its_name, manifest, contents)
            missing = [file for file in files if object_name(file) not in contents.whole]
            if gone or (standing and (not missing or standing.files != manifest.files)):
                size, offset = sum(file.size for file in files), manifest.documents_offset
                return Shipped(its_name, offset, len(files), len(sent), size, sum(sent), manifest_sent)
            for file in missing:
                sent.append(_send(shelf, file, handles[file], folder, pace))
                if object_name(file) in contents.damaged:
                    shelf.forget(object_name(file))
            if standing is None:
                manifest_sent = shelf.put_manifest(its_name, data)
    raise Unavailable(f"files of {its_name} vanish from {store.url} as fast as they are sent")


def _standing(shelf: Shelf, name: str, manifest: Manifest, contents: Contents) -> Manifest | None:
    """The manifest that has this name there. One that is of no use is removed, so that ours can take its place.

    Raises StateRefused when it is of another state: one of two replicas is wrong, and this is no place to choose.
    """
    if name not in contents.manifests:
        return None
    try:
        there = shelf.manifest(name)
    except SnapshotDamaged:
        shelf.remove(name)
        return None
    if (there.digest_documents, there.digest_offers) != (manifest.digest_documents, manifest.digest_offers):
        raise StateRefused(
            f"another replica has put a different state as {name} into {shelf.store.url}: one of the two is wrong",
            hint="freshet status names the replica that differs, freshet shard rebuild makes it anew; "
            "freshet snapshot prune --store removes what is damaged",
        )
    if there.files != manifest.files and not objects_of(there) <= contents.whole:
        shelf.remove(name)  # other files for the same state, say of another version of Freshet, and not all there
        return None
    return there


def _send(shelf: Shelf, file: StoredFile, handle: BinaryIO, folder: Path, pace: Pace) -> int:
    """Returns how many bytes that took in the store."""
    handle.seek(0)
    if not object_name(file).endswith(COMPRESSED):
        shelf.put_file(file, pace.through(_whole(handle, file)), file.size)
        return file.size
    with tempfile.TemporaryFile(dir=folder) as packed:  # its size must be known before it is sent
        for block in compressed(_whole(handle, file)):
            packed.write(block)
        size = packed.tell()
        packed.seek(0)
        shelf.put_file(file, pace.through(_blocks(packed)), size)
        return size


def _whole(handle: BinaryIO, file: StoredFile) -> Iterator[bytes]:
    """Its bytes; the last are held back until the checksum is known to hold: damaged bytes never become an object."""
    checked, last = Checked(), b""
    for block in _blocks(handle):
        if last:
            yield last
        checked.update(block)
        last = block
    if not checked.is_whole(file):
        raise SnapshotDamaged(f"{file.name} is damaged: its checksum does not match")
    if last:
        yield last


def _blocks(handle: "BinaryIO | tempfile._TemporaryFileWrapper[bytes]") -> Iterable[bytes]:
    while block := handle.read(BLOCK_BYTES):
        yield block
