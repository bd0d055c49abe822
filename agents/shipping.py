"""Sends the shards' snapshots to the store behind their backs: a store that fails only alarms, and is tried again."""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import structlog

from agents.shard import Kept
from index_snapshots.manifest import MANIFEST_PATTERN
from index_snapshots.mending import mend
from index_snapshots.pace import Pace
from index_snapshots.shelf import Shelf
from index_snapshots.shipping import Shipped, ship
from index_snapshots.store_pruning import StorePruner
from index_snapshots.stores import ObjectStore
from schemas.errors import FreshetError, Unavailable
from schemas.metrics import Metrics
from schemas.stored import InStore

RETRY_S: Final = 5.0
"""Until a failed upload is tried again; twice as long after each failure, up to:"""
RETRY_S_MAX: Final = 300.0

log = structlog.get_logger()


class ShipPlan(NamedTuple):
    """See the settings `snapshot_store_*`."""

    keep: int
    mb_per_s: float = 0.0
    check_s: float = 300.0
    scrub_s: float = 86_400.0


class Shipper:
    """Of all shards of one process, one snapshot at a time, in a thread of its own."""

    def __init__(
        self,
        shards: Collection[Kept],
        store: ObjectStore,
        plan: ShipPlan,
        metrics: Metrics,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._shards, self._store, self._plan, self._metrics, self._now_ms = shards, store, plan, metrics, now_ms
        self._stopped = threading.Event()
        self._pace = StoppablePace(plan.mb_per_s, self._stopped)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ship")
        self._pruners = {kept.origin.partition: StorePruner(Shelf.of(store, kept.origin), plan.keep) for kept in shards}
        self._shipped: dict[int, str] = {}
        """Newest manifest in the folder that is in the store, by partition."""

    async def forever(self) -> None:
        """At once what the store lacks, then each new snapshot when it is written; now and then what was lost there."""
        retry_s, loop = RETRY_S, asyncio.get_running_loop()
        look_s, scrub_s = loop.time() + self._plan.check_s, loop.time() + self._plan.scrub_s
        while not self._stopped.is_set():
            well = [await loop.run_in_executor(self._thread, self.one, kept) for kept in self._shards]
            if loop.time() >= look_s:
                every_byte = loop.time() >= scrub_s
                for kept in self._shards:
                    well.append(await loop.run_in_executor(self._thread, self.check, kept, every_byte))
                scrub_s = loop.time() + self._plan.scrub_s if every_byte else scrub_s
                look_s = loop.time() + self._plan.check_s
            retry_s = RETRY_S if all(well) else min(2 * retry_s, RETRY_S_MAX)
            await self._until_written(max(0.0, look_s - loop.time()) if all(well) else retry_s)

    async def _until_written(self, at_most_s: float) -> None:
        waits = [asyncio.ensure_future(kept.written.wait()) for kept in self._shards]
        try:
            await asyncio.wait(waits, timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        for kept in self._shards:
            kept.written.clear()

    def stop(self) -> None:
        """What is being sent ends within a block; it goes on where it was after the next start."""
        self._stopped.set()

    def one(self, kept: Kept) -> bool:
        """Sends the newest snapshot of a shard unless it is there; False when that failed. Blocking."""
        partition = kept.origin.partition
        newest = max((path.name for path in kept.folder.glob(MANIFEST_PATTERN)), default=None)
        if newest is None or self._shipped.get(partition) == newest or self._stopped.is_set():
            return True
        try:
            started = time.monotonic()
            shipped = ship(kept.folder, newest, self._store, self._pace)
            self._shipped[partition] = newest
            self._well(kept, shipped, time.monotonic() - started)
            pruned = self._pruners[partition].prune(self._now_ms(), time.monotonic())
            if pruned.snapshots:
                log.info("snapshots pruned in the store", partition=partition, snapshots=pruned.snapshots)
        except FileNotFoundError:  # a newer one has taken its place
            return False
        except Exception as error:  # noqa: BLE001  serving goes on, and the snapshots lie in the folder
            if not self._stopped.is_set():
                self._failed(kept, newest, error)
            return False
        return True

    def check(self, kept: Kept, every_byte: bool) -> bool:
        """Sends again what the store has lost of a shard's snapshots; False when that failed. Blocking."""
        if self._stopped.is_set():
            return True
        partition = kept.origin.partition
        sent = self._shipped.get(partition)
        try:
            for mended in mend(kept.folder, self._store, self._pace, sent, every_byte=every_byte):
                self._metrics.counter("freshet_snapshot_uploads_total").labels("mended").inc()
                log.warning("snapshot mended in the store", partition=partition, **mended._asdict())
        except Exception as error:  # noqa: BLE001  as for `one`
            if not self._stopped.is_set():
                self._failed(kept, self._shipped.get(partition, ""), error)
            return False
        if kept.in_store is not None and kept.in_store.failing:
            kept.in_store = kept.in_store.model_copy(update={"failing": "", "failing_since_ms": 0})
            self._metrics.gauge("freshet_snapshot_store_failing").labels(partition).set(0)
        return True

    def _well(self, kept: Kept, shipped: Shipped, took_s: float) -> None:
        partition = kept.origin.partition
        kept.in_store = InStore(
            url=self._store.url,
            snapshot=shipped.name,
            documents_offset=shipped.documents_offset,
            stored_ms=self._now_ms(),
        )
        self._metrics.counter("freshet_snapshot_uploads_total").labels("stored").inc()
        self._metrics.counter("freshet_snapshot_upload_bytes_total").inc(shipped.bytes_sent)
        self._metrics.gauge("freshet_snapshot_store_failing").labels(partition).set(0)
        log.info("snapshot stored", partition=partition, took_s=round(took_s, 2), **shipped._asdict())

    def _failed(self, kept: Kept, newest: str, error: Exception) -> None:
        says = error.message if isinstance(error, FreshetError) else repr(error)
        before = kept.in_store or InStore(url=self._store.url)
        since_ms = before.failing_since_ms or self._now_ms()
        kept.in_store = before.model_copy(update={"failing": says, "failing_since_ms": since_ms})
        self._metrics.counter("freshet_snapshot_uploads_total").labels("failed").inc()
        self._metrics.gauge("freshet_snapshot_store_failing").labels(kept.origin.partition).set(1)
        log.error("snapshot not stored", partition=kept.origin.partition, snapshot=newest, error=says)


class StoppablePace(Pace):
    """A pace that breaks off when the process ends."""

    def __init__(self, mb_per_s: float, stopped: threading.Event) -> None:
        super().__init__(mb_per_s, sleep=stopped.wait)
        self._stopped = stopped

    def through(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in super().through(blocks):
            if self._stopped.is_set():
                raise Unavailable("this process ends")
            yield block
