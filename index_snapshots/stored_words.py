"""The index of words in a snapshot: a file for each of its segments, which later snapshots share, and one for the rest.

A file is a line of JSON, [[name, bytes], ...], and then these files of the index, one after the other. Nothing of it is
trusted at a restore: what does not verify, or holds other rows than the shard, is made good from the bodies.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from index_snapshots.checksums import BLOCK_BYTES, damage
from index_snapshots.folder import Known, Steps, is_whole, store
from index_snapshots.manifest import Manifest, StoredFile

PART: Final = "words"
REST: Final = "words-rest"
TEXTS_VERSION: Final = 3
"""Of how texts become words: another one in a snapshot means that its index is not used."""
META: Final = "meta.json"
MANAGED: Final = ".managed.json"
COPIES_MAX: Final = 5
"""A merge of tantivy's may take files away while they are linked: then it is tried again, so often."""
_NAME = re.compile(r"[0-9a-f]{32}\.[a-z0-9.]+|meta\.json|\.managed\.json")


class CopiedWords(NamedTuple):
    """A committed index, linked into a folder of its own, where nothing changes any more."""

    folder: Path
    segments: tuple[str, ...]
    """Ids, as the files' names begin."""


def link(index: Path, folder: Path) -> CopiedWords:
    """Links what the last commit in `index` is made of into `folder`, which is new. No commit may come meanwhile.

    Raises OSError.
    """
    for left in reversed(range(COPIES_MAX)):
        try:
            return _linked(index, folder)
        except FileNotFoundError:
            if not left:
                raise
            for path in folder.iterdir():
                path.unlink()
    raise AssertionError


def _linked(index: Path, folder: Path) -> CopiedWords:
    folder.mkdir(exist_ok=True)
    meta = (index / META).read_bytes()
    parts = orjson.loads(meta)["segments"]
    segments = tuple(part["segment_id"].replace("-", "") for part in parts)
    marks = {
        f"{name}.{part['deletes']['opstamp']}.del"
        for name, part in zip(segments, parts, strict=True)
        if part["deletes"]
    }
    for path in sorted(index.iterdir()):
        segment, _, kind = path.name.partition(".")
        if segment in segments and (path.name in marks or not kind.endswith("del")):
            os.link(path, folder / path.name)
    linked = sorted(path.name for path in folder.iterdir())
    if {name.partition(".")[0] for name in linked} != {*segments} or not marks <= {*linked}:
        raise FileNotFoundError(index)
    (folder / META).write_bytes(meta)
    (folder / MANAGED).write_bytes(orjson.dumps([META, *linked]))
    return CopiedWords(folder, segments)


def write_words(
    copy: CopiedWords, declared: Collection[str], folder: Path, steps: Steps, known: Known
) -> dict[str, StoredFile]:
    """Its files by part. Segments that an earlier snapshot has are not written again. Raises OSError."""
    before = known.newest.files if known.newest else {}
    files, rest = {}, []
    for segment in copy.segments:
        paths = sorted(copy.folder.glob(f"{segment}.*"))
        rest += [path for path in paths if path.suffix == ".del"]
        part = f"{PART}-{segment}"
        file = before.get(part)
        if file is None or not is_whole(folder, file, steps, known):
            file = store(folder, PART, _packed([path for path in paths if path.suffix != ".del"]), steps)
        files[part] = file
    made_so = orjson.dumps({"texts": TEXTS_VERSION, "declared": sorted(declared)})
    files[REST] = store(folder, PART, _packed([*rest, copy.folder / META, copy.folder / MANAGED], made_so), steps)
    return files


def _packed(paths: Sequence[Path], made_so: bytes = b"{}") -> Iterator[bytes]:
    yield orjson.dumps([orjson.Fragment(made_so), *([path.name, path.stat().st_size] for path in paths)]) + b"\n"
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block


def read_words(folder: Path, manifest: Manifest, declared: Collection[str], target: Path) -> str:
    """Puts the snapshot's index into `target`, which is new. Returns why that cannot be, or nothing."""
    files = {part: file for part, file in manifest.files.items() if part.startswith(f"{PART}-")}
    if REST not in files:
        return "the snapshot has no words"
    target.mkdir(parents=True)
    for part, file in files.items():
        if wrong := damage(folder / file.name, file, every_byte=True):
            return wrong
        made_so = _unpacked(folder / file.name, target)
        if part == REST and made_so != {"texts": TEXTS_VERSION, "declared": sorted(declared)}:
            return "its texts were made in another way, or with other declared attributes"
    return ""


def _unpacked(path: Path, target: Path) -> object:
    with path.open("rb") as file:
        made_so, *listed = orjson.loads(file.readline())
        for name, size in listed:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{path.name} holds a file named {name!r}")
            (target / name).write_bytes(file.read(size))
    return made_so
