"""A snapshot store: immutable objects by name, in a place that several machines share."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from schemas.errors import SettingsError


class ObjectMissing(Exception):
    """The store has no object of this name."""


class ObjectStore(Protocol):
    """Blocking, for any thread. Names are relative, with / between their parts.

    Every method raises Unavailable when the store does not answer or refuses: it is tried again later.
    """

    url: str
    """As it was configured, without secrets."""

    def names(self, prefix: str) -> list[str]:
        """Of all objects whose name begins so, in order; `prefix` is empty or ends with /."""

    def put(self, name: str, blocks: Iterable[bytes], size: int) -> None:
        """Makes an object of `size` bytes: whole or not at all, also when `blocks` raises. Replaces an older one."""

    def get(self, name: str) -> Iterator[bytes]:
        """Its bytes in pieces. Raises ObjectMissing."""

    def remove(self, name: str) -> None:
        """It need not be there."""


def open_store(url: str) -> ObjectStore:
    """`file:///path` or a path. Raises SettingsError."""
    from index_snapshots.store_folder import FolderStore

    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return FolderStore(Path(unquote(parts.path)))
    if not parts.scheme and url:
        return FolderStore(Path(url))
    raise SettingsError(
        f"snapshot_store {url!r} is not a place for snapshots", hint="file:///srv/snapshots, or the path of a folder"
    )
