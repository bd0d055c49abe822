"""What a replay reads beside live traffic, the log, a store and files: at or below a rate, together."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from index_snapshots.checksums import BLOCK_BYTES
from index_snapshots.pace import Pace
from index_snapshots.stores import ObjectStore
from replay.log import Log
from schemas.errors import Unavailable
from streams.reader import LogRecord

AHEAD_BYTES: Final = 2 << 20
"""Of each topic that is read about so much is fetched ahead of its rate."""


class SharedPace(Pace):
    """For all threads and all that is read, together."""

    def __init__(self, mb_per_s: float) -> None:
        super().__init__(mb_per_s)
        self._lock = threading.Lock()

    def spend(self, count: int) -> None:
        with self._lock:
            super().spend(count)


class PacedLog:
    """See `replay.log.Log`."""

    def __init__(self, log: Log, pace: Pace) -> None:
        self._log, self._pace = log, pace

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        return self._log.begin_end(topic, partition)

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        return self._log.offset_at(topic, partition, time_ms)

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]:
        for records in self._log.read(topic, partition, offset, end, batch):
            yield records
            self._pace.spend(sum(len(one.key or b"") + len(one.value or b"") for one in records))


class PacedStore:
    """See `index_snapshots.stores.ObjectStore`: nothing is written into it."""

    def __init__(self, store: ObjectStore, pace: Pace) -> None:
        self._store, self._pace = store, pace
        self.url = store.url

    def names(self, prefix: str) -> list[str]:
        return self._store.names(prefix)

    def get(self, name: str) -> Iterator[bytes]:
        return self._pace.through(self._store.get(name))

    def put(self, name: str, blocks: Iterable[bytes], size: int) -> None:
        raise Unavailable("a replay writes nothing into the store")

    def put_new(self, name: str, data: bytes) -> bool:
        raise Unavailable("a replay writes nothing into the store")

    def remove(self, name: str) -> None:
        raise Unavailable("a replay removes nothing from the store")


class PacedCopy:
    """Of files that cannot get a second name, since they lie on another file system."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def __call__(self, source: Path, target: Path) -> None:
        with source.open("rb") as whole, target.open("wb") as copy:
            copy.writelines(self._pace.through(iter(lambda: whole.read(BLOCK_BYTES), b"")))
