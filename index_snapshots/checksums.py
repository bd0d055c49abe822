"""Whether a stored file is what was written: read once, in pieces, with both checksums."""

import hashlib
from pathlib import Path
from typing import Final

import xxhash

from index_snapshots.manifest import StoredFile

BLOCK_BYTES: Final = 1 << 20


def checksums(path: Path) -> tuple[str, str]:
    """xxh3-128 and SHA-256 of a file. Raises OSError."""
    quick, strong = xxhash.xxh3_128(), hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            quick.update(block)
            strong.update(block)
    return quick.hexdigest(), strong.hexdigest()


def damage(path: Path, file: StoredFile, *, every_byte: bool) -> str:
    """What is wrong with a file; empty when it is whole. Without `every_byte` only that it is there, and its size."""
    try:
        size = path.stat().st_size
        if size != file.size:
            return f"{file.name} has {size} bytes, not {file.size}"
        if every_byte and checksums(path) != (file.xxh3, file.sha256):
            return f"{file.name} is damaged: its checksum does not match"
    except OSError as error:
        return f"{file.name} cannot be read: {error.strerror}"
    return ""
