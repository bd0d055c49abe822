"""Scrubs the shards of one process, one after the other, so slowly that searches do not notice."""

import asyncio
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import structlog

from agents.shard import Kept
from index_snapshots.gentle import Gently
from index_snapshots.scrub_whole import WholeScrub
from schemas.digests import Scrubbed
from schemas.metrics import Metrics

SHARE_MAX: Final = 0.05
"""Of one core: 100,000 products of 2 KB take 50 s (13 us of work each), a million nine minutes."""
SHARE_ASKED: Final = 0.5
"""When replicas differ and nobody knows yet which one is wrong."""

log = structlog.get_logger()


class Scrubber:
    """Its thread works for a fraction of a millisecond, then sleeps for many: no search waits longer than that."""

    def __init__(
        self,
        shards: Collection[Kept],
        every_s: float,
        metrics: Metrics,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        share: float = SHARE_MAX,
    ) -> None:
        self._shards = shards
        self._every_s = every_s
        self._metrics = metrics
        for result in ("same", "differs"):
            metrics.counter("freshet_scrubs_total").labels(result)
        self._now_ms = now_ms
        self._share = share
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scrub")
        self._stopped = threading.Event()
        self._asked = asyncio.Event()

    async def forever(self) -> None:
        """At once, since a snapshot may hold what was damaged before; then again and again."""
        while not self._stopped.is_set():
            for kept in self._shards:
                try:
                    await asyncio.get_running_loop().run_in_executor(self._thread, self.one, kept)
                except Exception as error:  # noqa: BLE001  the shard goes on; the next scrub may end
                    log.error("scrub not finished", partition=kept.origin.partition, error=repr(error))
            self._asked.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._every_s)

    def soon(self) -> None:
        """Begins the next pass now, or hurries the one in hand: somebody waits to hear which replica is damaged."""
        self._asked.set()

    def stop(self) -> None:
        """The scrub in hand ends within a chunk, without a result."""
        self._stopped.set()

    def one(self, kept: Kept) -> None:
        """One pass over the view that is newest now. Blocking."""
        view, partition, started = kept.shard.view, kept.origin.partition, time.monotonic()
        scrub = WholeScrub(view)
        if not self._slowly(scrub):
            return
        found = Scrubbed(
            ended_ms=self._now_ms(),
            took_s=round(time.monotonic() - started, 3),
            documents_offset=view.offsets.documents,
            offers_offset=view.offsets.offers,
            skus=view.counts.skus,
            differing=scrub.differing(),
            damaged_files=scrub.damaged_files,
        )
        kept.scrubbed = found
        result = "differs" if found.differing else "same"
        self._metrics.counter("freshet_scrubs_total").labels(result).inc()
        self._metrics.gauge("freshet_scrub_seconds").labels(partition).set(found.took_s)
        if found.differing:
            log.error("a shard does not hold what the log says", partition=partition, **found.model_dump())
        else:
            log.info("scrubbed", partition=partition, skus=found.skus, took_s=found.took_s)

    def _slowly(self, scrub: WholeScrub) -> bool:
        """Does all of it with at most `share` of a core; False when it was stopped."""
        rest = Gently(self._stopped, lambda: SHARE_ASKED if self._asked.is_set() else self._share)
        for _ in scrub:
            rest()
            if self._stopped.is_set():
                return False
        return True
