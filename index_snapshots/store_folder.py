"""A snapshot store that is a folder: on a disk that several machines mount, or just another disk."""

import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from index_snapshots.folder import TEMPORARY, flush
from index_snapshots.stores import ObjectMissing
from schemas.errors import Unavailable

READ_BYTES: Final = 1 << 20
LEFT_BEHIND_S: Final = 86_400.0
"""A temporary file that is older was left by a process that died."""


class FolderStore:
    """See `stores.ObjectStore`. The folder itself must be there: where a disk is not mounted nothing is written."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.url = self._root.as_uri()

    def names(self, prefix: str) -> list[str]:
        with self._answering():
            self._there()
            found = (path for path in (self._root / prefix).rglob("*") if not path.name.startswith(TEMPORARY))
            return sorted(path.relative_to(self._root).as_posix() for path in found if path.is_file())

    def put(self, name: str, blocks: Iterable[bytes], size: int) -> None:
        with self._written(name, blocks, size) as temporary:
            os.replace(temporary, self._root / name)

    def put_new(self, name: str, data: bytes) -> bool:
        with self._written(name, [data], len(data)) as temporary:
            try:
                os.link(temporary, self._root / name)
            except FileExistsError:
                return False
            except OSError:  # no links on this file system: between the look and the write another may come
                if (self._root / name).exists():
                    return False
                os.replace(temporary, self._root / name)
        return True

    @contextmanager
    def _written(self, name: str, blocks: Iterable[bytes], size: int) -> Iterator[Path]:
        """A temporary file beside the object, durable; what is done with it is made durable too."""
        folder = (self._root / name).parent
        temporary = folder / f"{TEMPORARY}{uuid.uuid4().hex}"
        with self._answering():
            self._there()
            folder.mkdir(parents=True, exist_ok=True)
            _tidy(folder)
            try:
                with temporary.open("wb") as file:
                    for block in blocks:
                        file.write(block)
                    file.flush()
                    os.fsync(file.fileno())
                    if file.tell() != size:
                        raise OSError(f"{name} has {file.tell()} bytes, not {size}")
                yield temporary
            finally:
                temporary.unlink(missing_ok=True)
            flush(folder)

    def get(self, name: str) -> Iterator[bytes]:
        with self._answering():
            try:
                file = (self._root / name).open("rb")
            except FileNotFoundError:
                self._there()
                raise ObjectMissing(name) from None
            with file:
                while block := file.read(READ_BYTES):
                    yield block

    def remove(self, name: str) -> None:
        with self._answering():
            self._there()
            (self._root / name).unlink(missing_ok=True)

    def _there(self) -> None:
        if not self._root.is_dir():
            raise OSError(f"there is no folder {self._root}")

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(
                f"the snapshot store {self.url} fails: {error}", hint="is it mounted, writable, and not full?"
            ) from error


def _tidy(folder: Path) -> None:
    for path in folder.glob(f"{TEMPORARY}*"):
        try:
            if time.time() - path.stat().st_mtime > LEFT_BEHIND_S:
                path.unlink()
        except FileNotFoundError:  # another process was faster
            continue
