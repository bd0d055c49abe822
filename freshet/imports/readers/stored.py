"""A file on disk, plain or gzip (told by its first bytes), as a stream of bytes that knows how far it is."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from schemas.errors import SettingsError

GZIP_MAGIC = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
HEAD_BYTES = 65_536
"""Enough to tell the format, the delimiter and the columns."""


class Stored(NamedTuple):
    content: BinaryIO
    """Unpacked."""
    file: BinaryIO
    """As it lies on disk: its position is the progress."""


@contextmanager
def opened(path: Path) -> Iterator[Stored]:
    """Raises SettingsError, also from inside the block, when the file cannot be read or its gzip data are damaged."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            content = io.BufferedReader(gzip.GzipFile(fileobj=file)) if packed else file
            yield Stored(content, file)
    except (OSError, EOFError, zlib.error) as error:
        hint = "is the file whole? Everything before this place could be read"
        raise SettingsError(f"cannot read {path}: {error}", hint=hint) from error


def head_of(path: Path) -> bytes:
    """The first HEAD_BYTES of the unpacked content. Raises SettingsError when there is nothing in it."""
    if not path.is_file():
        raise SettingsError(f"there is no file {path}")
    with opened(path) as stored:
        head = stored.content.read(HEAD_BYTES)
    if not head.removeprefix(BOM).strip():
        raise SettingsError(f"{path} is empty: there is nothing to import")
    return head


def is_plain(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) != GZIP_MAGIC
