"""Keeps the key ring as the file of keys has it: what is made or revoked counts a second later, without a restart."""

import asyncio
from pathlib import Path
from typing import Final

from schemas.errors import SettingsError
from schemas.keys import StoredKey
from schemas.metrics import Metrics
from serving.keys.key_file import read_keys
from serving.keys.ring import KeyRing
from serving.logs import Log

LOOK_EVERY_S: Final = 1.0


class KeyWatch:
    """What is wrong with the file leaves the keys as they were: also when it is gone, for else all would be open."""

    def __init__(self, path: Path, ring: KeyRing, metrics: Metrics, log: Log) -> None:
        self._path, self._ring, self._log = path, ring, log
        self._seen: tuple[int, int, int] | None = None
        self._count = metrics.gauge("freshet_keys")
        self._refused = metrics.gauge("freshet_keys_refused")

    def load(self) -> None:
        """Blocking. Raises SettingsError as long as it is wrong or cannot be read."""
        self._take(self._read())

    async def look(self) -> None:
        """The same beside requests: they see all of the new keys or none."""
        self._take(await asyncio.to_thread(self._read))

    def _take(self, found: list[StoredKey] | SettingsError | None) -> None:
        self._refused.set(isinstance(found, SettingsError))
        if isinstance(found, SettingsError):
            raise found
        if found is not None:
            self._ring.use(found)
            self._count.set(len(found))
            self._log.info("keys_read", file=self._path.name, keys=len(found))

    def _read(self) -> list[StoredKey] | SettingsError | None:
        """None: it is as it was when it was read last."""
        try:
            seen = self._stat()
            if seen == self._seen:
                return None
            if seen is None:
                raise SettingsError(f"the file of keys {self._path.name} is gone", hint="the keys stay as they were")
            keys = read_keys(self._path).keys
        except SettingsError as error:
            return error
        self._seen = seen
        return keys

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(f"the keys cannot be read: {error}", hint="see FRESHET_KEYS") from None
        return stat.st_ino, stat.st_size, stat.st_mtime_ns
