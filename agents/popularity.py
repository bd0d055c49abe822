"""Counts how popular products are from the clicks of each partition, beside the histories of their sessions.

What is counted is a function of the log: it is kept with its place, goes on from there, and is counted again from the
log when it was lost. Older signs count less (`schemas.popularity`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from heapq import nsmallest
from typing import Final, NamedTuple, Protocol

import structlog

from schemas.clicks import ClickType
from schemas.errors import Unavailable
from schemas.popularity import HALF_LIFE_MS, POPULAR_MAX, weight
from schemas.sessions import HISTORY_MS, SessionClick
from streams.popularity import PopularityStore, Tally
from streams.reader import LogRecord

SAVE_EVERY_S: Final = 2.0
UNCHANGED_MAX: Final = 30
"""What has not changed is saved all the same after so many rounds, a minute: a Redis that lost it gets it back."""
AGAIN_MAX: Final = 1_000_000
"""Clicks of one partition that are read when popularity was lost, the newest ones: some ten seconds."""
LANDMARK_MS: Final = 8 * HALF_LIFE_MS
"""Landmarks are multiples of this: from one to the next sums are divided by 2**8, which is exact."""
SEEN_MAX: Final = 200_000
"""(session, product, type) remembered: what is repeated within HISTORY_MS does not count."""

log = structlog.get_logger()


class ClickLog(Protocol):
    """The reader of `streams`. Blocking."""

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]: ...

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int: ...

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterable[list[LogRecord]]: ...

    def close(self) -> None: ...


ReadClicks = Callable[[Sequence[LogRecord]], Sequence[SessionClick]]
"""The good clicks among records of one partition."""


class Sign(NamedTuple):
    session: str
    sku: str
    type: ClickType


class Counting:
    """One partition: clicks in the order of the log, none that its session did in the half hour before as well."""

    def __init__(self, start: Tally) -> None:
        self._log, self._offset, self._at_ms, self._landmark_ms = (
            start.log,
            start.offset,
            start.at_ms,
            start.landmark_ms,
        )
        self._counts = dict(start.counts)
        self._seen: OrderedDict[Sign, int] = OrderedDict()

    def take(self, clicks: Iterable[SessionClick]) -> None:
        """Clicks that were counted before are only remembered."""
        for click in clicks:
            if self._is_new(click) and click.offset >= self._offset:
                self._count(click)
        if len(self._counts) > 2 * POPULAR_MAX:
            best = nsmallest(POPULAR_MAX, self._counts, key=lambda sku: (-self._counts[sku], sku))
            self._counts = {sku: self._counts[sku] for sku in best}

    def reached(self, offset: int) -> None:
        self._offset = max(self._offset, offset)

    @property
    def tally(self) -> Tally:
        return Tally(self._log, self._offset, self._at_ms, self._landmark_ms, self._counts)

    def _is_new(self, click: SessionClick) -> bool:
        """Whether its session did not do the same with the product in the half hour before."""
        since_ms = click.at_ms - HISTORY_MS
        while self._seen and (len(self._seen) >= SEEN_MAX or next(iter(self._seen.values())) <= since_ms):
            self._seen.popitem(last=False)
        sign = Sign(click.session, click.sku, click.type)
        before_ms = self._seen.pop(sign, None)
        self._seen[sign] = click.at_ms
        return before_ms is None or before_ms <= since_ms

    def _count(self, click: SessionClick) -> None:
        landmark_ms = click.at_ms // LANDMARK_MS * LANDMARK_MS
        if landmark_ms > self._landmark_ms:
            shrunk = 0.5 ** ((landmark_ms - self._landmark_ms) // HALF_LIFE_MS)
            self._counts = {sku: total * shrunk for sku, total in self._counts.items()}
            self._landmark_ms = landmark_ms
        counted = weight(click.type, click.at_ms, self._landmark_ms)
        self._counts[click.sku] = self._counts.get(click.sku, 0.0) + counted
        self._at_ms = max(self._at_ms, click.at_ms)


class PopularityCounter:
    """All partitions of one worker. Saves what has changed every SAVE_EVERY_S."""

    def __init__(
        self, store: PopularityStore, open_log: Callable[[], ClickLog], topic: str, log_id: int, read: ReadClicks
    ) -> None:
        self._store = store
        self._open_log = open_log
        self._topic = topic
        self._log_id = log_id
        self._read = read
        self._counting: dict[int, Counting] = {}
        self._saved: dict[int, int] = {}
        self._round = 0

    async def prepare(self, partition: int, next_offset: int) -> None:
        """Goes on from what is kept, or counts again from the log, up to `next_offset`."""
        try:
            kept = await self._store.read(partition)
        except Unavailable as error:
            log.warning("popularity is counted from the log again", partition=partition, why=error.message)
            kept = None
        self._counting[partition] = await asyncio.to_thread(self._from_log, partition, kept, next_offset)
        self._saved.pop(partition, None)

    def take(self, partition: int, clicks: Sequence[SessionClick], next_offset: int) -> None:
        """The next clicks of the partition, in the order of the log."""
        self._counting[partition].take(clicks)
        self._counting[partition].reached(next_offset)

    async def forever(self, owned: Callable[[], Iterable[int]]) -> None:
        """Saves now and then; while the store is away the next start counts from the log again."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            try:
                await self.save(owned())
            except Unavailable as error:
                log.warning("popularity is not kept", why=error.message)

    async def save(self, owned: Iterable[int]) -> None:
        """What has changed of the partitions that are this worker's now. Raises Unavailable."""
        self._round += 1
        if self._round % UNCHANGED_MAX == 0:
            self._saved.clear()
        for partition in set(self._counting) - set(owned):
            del self._counting[partition]
        for partition, counting in list(self._counting.items()):
            tally = counting.tally
            if self._saved.get(partition) != tally.offset:
                await self._store.put(partition, tally)
                self._saved[partition] = tally.offset

    def _from_log(self, partition: int, kept: Tally | None, next_offset: int) -> Counting:
        """Blocking."""
        reader = self._open_log()
        try:
            first, _ = reader.begin_end(self._topic, partition)
            if kept and kept.log == self._log_id and first <= kept.offset <= next_offset:
                start = min(kept.offset, reader.offset_at(self._topic, partition, kept.at_ms - HISTORY_MS))
            else:
                kept, start = None, max(first, next_offset - AGAIN_MAX)
            counting = Counting(kept or Tally(self._log_id, start, 0, 0, {}))
            for records in reader.read(self._topic, partition, max(first, start), next_offset):
                counting.take(self._read(records))
            counting.reached(next_offset)
        finally:
            reader.close()
        return counting
