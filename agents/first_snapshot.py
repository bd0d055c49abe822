"""What a shard starts from: its own newest snapshot, else the store's, else the log."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from index_snapshots.fetching import fetch_newest
from index_snapshots.folder import FROM_LOG
from index_snapshots.manifest import Origin
from index_snapshots.restore import restore
from index_snapshots.stores import ObjectStore
from index_snapshots.view import ShardView
from schemas.errors import Unavailable

TELL_S: Final = 2.0
"""Time between two lines of progress."""

log = structlog.get_logger()


def first_view(folder: Path, origin: Origin, store: ObjectStore | None, now_ms: int) -> ShardView | None:
    """None: begin at the start of the log. What is damaged is named in the log as an error.

    Raises StateRefused when the folder's state is of another origin or a newer format.
    """
    view = _from_folder(folder, origin, now_ms)
    if view is None and store is not None:
        if (folder / FROM_LOG).exists():
            log.info("the store is left aside, as `freshet shard rebuild --from-log` said", partition=origin.partition)
        elif _fetched(folder, origin, store, now_ms):
            view = _from_folder(folder, origin, now_ms)
    if view is None:
        log.info("no snapshot, building from the log", partition=origin.partition)
    return view


def _from_folder(folder: Path, origin: Origin, now_ms: int) -> ShardView | None:
    started = time.monotonic()
    restored = restore(folder, origin, now_ms)
    for line in restored.damaged:
        log.error("snapshot damaged", partition=origin.partition, error=line)
    if restored.view is not None:
        rows, took_s = restored.view.counts.rows, round(time.monotonic() - started, 2)
        log.info("snapshot restored", partition=origin.partition, rows=rows, took_s=took_s)
    return restored.view


def _fetched(folder: Path, origin: Origin, store: ObjectStore, now_ms: int) -> bool:
    """Whether the store's newest good snapshot lies in the folder now. A store that fails is left aside."""
    started, partition = time.monotonic(), origin.partition
    try:
        fetched = fetch_newest(store, origin, folder, now_ms, _telling(partition))
    except Unavailable as error:
        log.error("no snapshot from the store", partition=partition, error=error.message)
        return False
    for line in fetched.damaged:
        log.error("snapshot damaged", partition=partition, error=line)
    took_s = round(time.monotonic() - started, 2)
    if fetched.name is None:
        log.info("the store holds no snapshot of this shard", partition=partition, store=store.url)
        return False
    log.info("snapshot fetched", partition=partition, snapshot=fetched.name, store=store.url, took_s=took_s)
    return True


def _telling(partition: int, clock: Callable[[], float] = time.monotonic) -> Callable[[int, int], None]:
    """Says from time to time how much is here."""
    started_s = told_s = clock()

    def tell(done: int, total: int) -> None:
        nonlocal told_s
        now_s = clock()
        if now_s - told_s >= TELL_S:
            told_s = now_s
            left_s = round((now_s - started_s) * (total - done) / max(1, done), 1)
            log.info("fetching a snapshot", partition=partition, bytes=done, of_bytes=total, left_s=left_s)

    return tell
