"""What `agents.catalog` remembers of each SKU, in SQLite: only a cache of `contents` and `offers`, safe to delete."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson

from agents.decide import SkuState, state_of
from schemas.errors import InvalidEvent, StateRefused
from schemas.records import ContentRecord, OfferRecord, decode

SCHEMA = """
CREATE TABLE IF NOT EXISTS skus (sku TEXT PRIMARY KEY, content BLOB, offer BLOB, deleted_ms INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deleted ON skus (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
CACHE_KB = 65_536
AGE_DAYS_MAX = 30
"""A store left alone for longer starts empty: it would miss a delete that was purged from the log meanwhile.
Deletes are remembered for longer than this (FRESHET_DELETE_MEMORY_DAYS)."""


class Change(NamedTuple):
    """A record as it stands in `contents` or `offers`; `value` None purges the SKU there."""

    topic: str
    """`contents` or `offers`."""
    sku: str
    value: bytes | None
    timestamp_ms: int


class SkuStore:
    """The newest records of one partition's SKUs. `identity` names cluster and topics: another one starts empty.

    WAL with synchronous=NORMAL survives a crash of the machine; the newest writes may then be missing, and the catch-up
    from the log brings them back.
    """

    def __init__(self, path: Path, identity: str, clock: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        if clock() - last_written_s(path) > AGE_DAYS_MAX * 86_400:
            self._unlink()
        self._db = self._open()
        if self._fact("identity") != identity:
            self._delete()
            self._db = self._open()
            self._set_facts([("identity", identity)])
            self._db.commit()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError:  # damaged: it is only a cache, the log has it all
            self._unlink()
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute(f"PRAGMA cache_size=-{CACHE_KB}")
            db.executescript(SCHEMA)
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def position(self, topic: str) -> int:
        """Next offset of `contents` or `offers` that is not in here yet."""
        return int(self._fact(f"position-{topic}") or 0)

    def load(self, sku: str) -> SkuState | None:
        """Raises StateRefused, and deletes itself, when it is damaged: the next start rebuilds it from the log."""
        with self._healing():
            row = self._db.execute("SELECT content, offer FROM skus WHERE sku = ?", (sku,)).fetchone()
            if row is None:
                return None
            content, offer = row
            return state_of(
                decode(ContentRecord, content) if content else None, decode(OfferRecord, offer) if offer else None
            )

    def apply(self, changes: Iterable[Change], positions: dict[str, int]) -> None:
        """Takes records in log order, and how far each topic is now in here: both, or neither."""
        with self._healing(), self._db:
            for change in changes:
                self._apply(change)
            self._set_facts((f"position-{topic}", str(offset)) for topic, offset in positions.items())

    def _apply(self, change: Change) -> None:
        column = "content" if change.topic == "contents" else "offer"
        deleted = (
            change.topic == "offers" and change.value is not None and "live_since" not in orjson.loads(change.value)
        )
        if change.value is None:
            self._db.execute(f"UPDATE skus SET {column} = NULL WHERE sku = ?", (change.sku,))
            self._db.execute("DELETE FROM skus WHERE sku = ? AND content IS NULL AND offer IS NULL", (change.sku,))
        elif column == "content":
            self._db.execute(
                "INSERT INTO skus (sku, content) VALUES (?, ?) ON CONFLICT DO UPDATE SET content = excluded.content",
                (change.sku, change.value),
            )
        else:
            self._db.execute(
                "INSERT INTO skus (sku, offer, deleted_ms) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET offer = excluded.offer, deleted_ms = excluded.deleted_ms",
                (change.sku, change.value, change.timestamp_ms if deleted else None),
            )

    def deleted_before(self, time_ms: int, at_most: int) -> list[str]:
        """SKUs whose delete was written before the time, oldest first."""
        query = "SELECT sku FROM skus WHERE deleted_ms < ? ORDER BY deleted_ms, sku LIMIT ?"
        with self._healing():
            return [sku for (sku,) in self._db.execute(query, (time_ms, at_most))]

    def count(self) -> tuple[int, int]:
        """SKUs that live, and deleted ones that are remembered."""
        with self._healing():
            total, deleted = self._db.execute("SELECT count(*), count(deleted_ms) FROM skus").fetchone()
        return int(total) - int(deleted), int(deleted)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _healing(self) -> Iterator[None]:
        """Deletes a damaged file and raises StateRefused: the next start rebuilds it from the log.

        A full disk or a lock (OperationalError) is no damage and is passed on.
        """
        try:
            yield
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, InvalidEvent) as error:
            self._delete()
            raise StateRefused(f"{self._path} is damaged ({error}); it is rebuilt from the log") from error

    def _delete(self) -> None:
        self.close()
        self._unlink()

    def _unlink(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _fact(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def _set_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)


def last_written_s(path: Path) -> float:
    """When the file or its write-ahead log was last changed, s since 1970; 0 when it is not there."""
    files = (path, path.with_name(path.name + "-wal"))
    return max((file.stat().st_mtime for file in files if file.exists()), default=0.0)
