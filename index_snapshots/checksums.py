"""Whether a stored file is what was written: read once, in pieces, with both checksums."""

import hashlib
from pathlib import Path
from typing import Final

import xxhash

from index_snapshots.gentle import Rest, no_rest
from index_snapshots.manifest import StoredFile

BLOCK_BYTES: Final = 1 << 20


class Checked:
    """Both checksums of a file that passes by in pieces."""

    def __init__(self) -> None:
        self._quick, self._strong, self.size = xxhash.xxh3_128(), hashlib.sha256(), 0

    def update(self, block: bytes) -> None:
        self._quick.update(block)
        self._strong.update(block)
        self.size += len(block)

    @property
    def sums(self) -> tuple[str, str]:
        """xxh3-128 and SHA-256."""
        return self._quick.hexdigest(), self._strong.hexdigest()

    def is_whole(self, file: StoredFile) -> bool:
        return self.size == file.size and self.sums == (file.xxh3, file.sha256)


def checksums(path: Path, rest: Rest = no_rest) -> tuple[str, str]:
    """xxh3-128 and SHA-256 of a file; `rest` is called after each block. Raises OSError."""
    checked = Checked()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            checked.update(block)
            rest()
    return checked.sums


def damage(path: Path, file: StoredFile, *, every_byte: bool, rest: Rest = no_rest) -> str:
    """What is wrong with a file; empty when it is whole. Without `every_byte` only that it is there, and its size."""
    try:
        size = path.stat().st_size
        if size != file.size:
            return f"{file.name} has {size} bytes, not {file.size}"
        if every_byte and checksums(path, rest) != (file.xxh3, file.sha256):
            return f"{file.name} is damaged: its checksum does not match"
    except OSError as error:
        return f"{file.name} cannot be read: {error.strerror}"
    return ""
