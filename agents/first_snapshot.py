"""What a shard starts from: its own newest snapshot, else the store's, else the log."""

import time
from functools import partial
from pathlib import Path

import structlog

from index_snapshots.fetching import fetch_newest
from index_snapshots.folder import FROM_LOG, Known
from index_snapshots.manifest import Origin
from index_snapshots.progress import now_and_then
from index_snapshots.restore import restore
from index_snapshots.stores import ObjectStore
from index_snapshots.view import ShardView
from schemas.errors import Unavailable

log = structlog.get_logger()


def first_view(folder: Path, origin: Origin, store: ObjectStore | None, now_ms: int, known: Known) -> ShardView | None:
    """None: begin at the start of the log. What is damaged is named in the log as an error. `known`: see `restore`.

    Raises StateRefused when the folder's state is of another origin or a newer format.
    """
    view = _from_folder(folder, origin, now_ms, known)
    if view is None and store is not None:
        if (folder / FROM_LOG).exists():
            log.info("the store is left aside, as `freshet shard rebuild --from-log` said", partition=origin.partition)
        elif _fetched(folder, origin, store, now_ms):
            view = _from_folder(folder, origin, now_ms, known)
    if view is None:
        log.info("no snapshot, building from the log", partition=origin.partition)
    return view


def _from_folder(folder: Path, origin: Origin, now_ms: int, known: Known) -> ShardView | None:
    started = time.monotonic()
    restored = restore(folder, origin, now_ms, known)
    for line in restored.damaged:
        log.error("snapshot damaged", partition=origin.partition, error=line)
    for line in restored.merges_damaged:
        log.error("merge damaged in the snapshot, it is done again", partition=origin.partition, error=line)
    if restored.view is not None:
        rows, took_s = restored.view.counts.rows, round(time.monotonic() - started, 2)
        log.info("snapshot restored", partition=origin.partition, rows=rows, took_s=took_s)
    return restored.view


def _fetched(folder: Path, origin: Origin, store: ObjectStore, now_ms: int) -> bool:
    """Whether the store's newest good snapshot lies in the folder now. A store that fails is left aside."""
    started, partition = time.monotonic(), origin.partition
    try:
        fetched = fetch_newest(store, origin, folder, now_ms, now_and_then(partial(_tell, partition)))
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


def _tell(partition: int, done: int, total: int, left_s: float) -> None:
    log.info("fetching a snapshot", partition=partition, bytes=done, of_bytes=total, left_s=round(left_s, 1))
