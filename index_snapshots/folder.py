"""The folder of one shard: owned by one process at a time, files written whole or not at all."""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NamedTuple

import xxhash

from index_snapshots.checksums import checksums, damage
from index_snapshots.gentle import Rest, no_rest
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.manifest import MANIFEST_PATTERN, Manifest, StoredFile
from schemas.errors import StateRefused

LOCK: Final = "lock"
TEMPORARY: Final = "tmp-"
FROM_LOG: Final = "from-log"
"""A file that says that the shard is to be built from the log, whatever the store holds."""
SEGMENTS: Final = "segments"
"""Subfolder of the segments in use; a snapshot gives those it needs a second name beside its manifest."""
WORDS: Final = "words"
"""Subfolder of the index of words in use."""
REPLICAS: Final = "replicas"
Step = Callable[[int], None]
"""Called with 1, 2, 3 ... before each action that a crash could come between; tests kill there."""


class Steps:
    """Numbers the points of one write at which a crash must do no harm."""

    def __init__(self, step: Step, rest: Rest = no_rest, guards: Guards = GUARDS) -> None:
        """`rest` is called at the same points."""
        self.whole = guards.whole
        self._step = step
        self.rest = rest
        self._number = 0

    def __call__(self) -> None:
        self.rest()
        self._number += 1
        self._step(self._number)


def shard_folder(data: Path, generation: int, partition: int) -> Path:
    """Where a shard's snapshots lie, by generation of the topics."""
    return data / "shards" / f"{generation}-{partition}"


def replica_folder(data: Path, replica: int) -> Path:
    """Where a replica keeps its state: the first in the data folder itself, the others in folders of their own."""
    return data / REPLICAS / str(replica) if replica else data


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Holds the shard's folder. Raises StateRefused when another process does; the system frees it at any end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateRefused(
                f"another process owns the shard folder {folder}",
                hint="stop the other shard process, or give this one its own data folder",
            ) from error
        yield


def remove_state(folder: Path, *, from_log: bool = False) -> int:
    """Removes every snapshot of a shard (`freshet shard rebuild`); returns how many files. Takes the lock.

    `from_log`: at its next start it is not to come from the store either.
    """
    with owned(folder):
        manifests = list(folder.glob(MANIFEST_PATTERN))
        others = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK and path not in manifests]
        for path in manifests + others:  # manifests first: half a removal leaves no snapshot that lacks files
            path.unlink()
        if from_log:
            (folder / FROM_LOG).touch()
        flush(folder)
        return len(manifests) + len(others)


def store(folder: Path, part: str, blocks: Iterable[bytes | memoryview], steps: Steps) -> StoredFile:
    """Writes one immutable file, named by its content; durable together with a later `flush(folder)`."""
    quick, strong, size = xxhash.xxh3_128(), hashlib.sha256(), 0
    temporary = folder / f"{TEMPORARY}{part}"
    with temporary.open("wb") as file:
        for block in blocks:
            steps()
            file.write(block)
            quick.update(block)
            strong.update(block)
            size += memoryview(block).nbytes
        steps()
        file.flush()
        _sync(file, steps)
    name = f"{quick.hexdigest()}-{part}"
    steps()
    os.replace(temporary, folder / name)
    return StoredFile(name=name, size=size, xxh3=quick.hexdigest(), sha256=strong.hexdigest())


class Seen(NamedTuple):
    """Which file lies under a name; another one, or one that was written to, differs in something."""

    device: int
    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> "Seen":
        """Raises OSError."""
        stat = path.stat()
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)


@dataclass
class Known:
    """What one process knows of the snapshots in a shard's folder. One thread at a time."""

    files: dict[str, tuple[Seen, StoredFile]] = field(default_factory=dict)
    """Files that are durable and whose content is known, by name: they are not read again.

    A bit that flips on the disk later is left to scrubs and to the start, which read all of them.
    """
    newest: Manifest | None = None
    """What it wrote last, or started from: the next snapshot shares files with it."""

    def knows(self, path: Path) -> bool:
        """Raises OSError."""
        found = self.files.get(path.name)
        return found is not None and found[0] == Seen.of(path)


def adopt(folder: Path, path: Path, steps: Steps, known: Known) -> StoredFile:
    """Gives an immutable file, already named by its content, a second name in the folder, and makes it durable.

    What lies there under that name and is something else (after a power failure, say) is replaced.
    Raises OSError when the file itself is no longer what its name says.
    """
    steps()
    target = folder / path.name
    if target.exists() and known.knows(target):
        return known.files[path.name][1]
    if not target.exists():
        _second_name(path, target)
    found = _durable(target, steps)
    if not _named_by_content(found):
        steps()
        _second_name(path, target)
        found = _durable(target, steps)
    if not _named_by_content(found):
        raise OSError(errno.EIO, "the file is damaged: its content is not what its name says", str(path))
    known.files[path.name] = Seen.of(target), found
    return found


def is_whole(folder: Path, file: StoredFile, steps: Steps, known: Known) -> bool:
    """Whether a file of an earlier snapshot is what that wrote; read only when this process does not know it."""
    path = folder / file.name
    try:
        if known.knows(path):
            return True
        seen = Seen.of(path)
    except OSError:
        return False
    if damage(path, file, every_byte=True, rest=steps.rest):
        return False
    known.files[file.name] = seen, file
    return True


def _second_name(path: Path, target: Path) -> None:
    temporary = target.with_name(f"{TEMPORARY}{target.name}")
    try:
        os.link(path, temporary)
    except OSError:  # another file system, or one without links
        shutil.copyfile(path, temporary)
    os.replace(temporary, target)
    temporary.unlink(missing_ok=True)  # `replace` leaves it where both names were the same file's


def _named_by_content(file: StoredFile) -> bool:
    return file.name.partition("-")[0] == file.xxh3


def _durable(path: Path, steps: Steps) -> StoredFile:
    quick, strong = checksums(path, steps.rest)
    with path.open("rb") as file:
        _sync(file, steps)
    return StoredFile(name=path.name, size=path.stat().st_size, xxh3=quick, sha256=strong)


def replace(path: Path, data: bytes, steps: Steps) -> None:
    """Puts a small file in place, atomically and durably."""
    temporary = path.with_name(TEMPORARY + path.name) if steps.whole else path
    with temporary.open("wb") as file:
        steps()
        file.write(data[: len(data) // 2])
        steps()
        file.write(data[len(data) // 2 :])
        file.flush()
        _sync(file, steps)
    steps()
    os.replace(temporary, path)
    steps()
    flush(path.parent)


def _sync(file: IO[bytes], steps: Steps) -> None:
    """What was written survives a power failure."""
    if steps.whole:
        os.fsync(file.fileno())


def flush(folder: Path) -> None:
    """Makes renames and removals in the folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
