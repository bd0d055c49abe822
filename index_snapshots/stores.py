"""A snapshot store: immutable objects by name, in a place that several machines share."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from schemas.errors import SettingsError
from schemas.settings import ShardSettings


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

    def put_new(self, name: str, data: bytes) -> bool:
        """Makes a small object unless it is there: of several at the same time one gets True."""

    def get(self, name: str) -> Iterator[bytes]:
        """Its bytes in pieces. Raises ObjectMissing."""

    def remove(self, name: str) -> None:
        """It need not be there."""


def open_store(settings: ShardSettings, environ: Mapping[str, str]) -> ObjectStore:
    """What `snapshot_store` names. Raises SettingsError."""
    parts = urlsplit(settings.snapshot_store)
    if parts.scheme == "s3":
        return _bucket(settings, parts.netloc, unquote(parts.path).strip("/"), environ)
    if settings.snapshot_store_encryption:
        raise SettingsError(
            f"snapshot_store_encryption is set, but {settings.snapshot_store} is a folder",
            hint="put the folder on a disk that is encrypted, and leave FRESHET_SNAPSHOT_STORE_ENCRYPTION empty",
        )
    return _folder(settings.snapshot_store)


def _bucket(settings: ShardSettings, bucket: str, prefix: str, environ: Mapping[str, str]) -> ObjectStore:
    if not bucket or "@" in bucket:
        raise SettingsError(
            "snapshot_store names no bucket",
            hint="s3://bucket/prefix; keys have settings of their own: docs/settings.md",
        )
    from index_snapshots.s3_access import s3_access
    from index_snapshots.store_s3 import S3Store

    return S3Store(bucket, prefix, s3_access(settings, environ))


def _folder(url: str) -> ObjectStore:
    from index_snapshots.store_folder import FolderStore

    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return FolderStore(Path(unquote(parts.path)))
    if not parts.scheme and url:
        return FolderStore(Path(url))
    raise SettingsError(
        f"snapshot_store {url!r} is not a place for snapshots",
        hint="s3://bucket/prefix, file:///srv/snapshots, or the path of a folder",
    )
