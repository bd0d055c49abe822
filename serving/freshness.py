"""How far the agents are behind the log, and how long an event took to become searchable."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from schemas.errors import Unavailable
from schemas.records import EventId, Outcome
from schemas.search import ShardState
from schemas.topics import topic_name
from serving.history import History, LogReader
from serving.outcomes import Decided, OutcomeCache
from serving.shards import Seen, Shards

REFRESH_S = 0.5
KEPT_S = 10.0
"""Figures older than this are not given any more."""
ASK_TIMEOUT_S = 5.0
SAMPLE_MAX = 10
"""Events asked after per refresh."""
PENDING_MAX = 50
PENDING_S = 30.0
"""An event that is not searchable after so long is no longer waited for here (the lags show it)."""
WINDOW_S = 60.0
WINDOW_MAX = 1_000
MARKER_RECORDS = 1
"""The last offset of a transactional topic is the transaction's marker, never a record."""


class PartitionLag(BaseModel):
    """Records each step is behind; null when its process does not tell."""

    partition: int
    catalog_lag: int
    contents_lag: int
    documents_lag: int | None
    offers_lag: int | None


class Freshness(BaseModel):
    """`GET /v1/freshness`."""

    partitions: list[PartitionLag]
    events_per_s: float
    """Events decided per second over the last 10 s."""
    fresh_p50_s: float | None
    """From the event's arrival in Kafka until searchable, over a sample of the last 60 s; null without events."""
    fresh_p95_s: float | None
    fresh_n: int
    age_s: float
    """How old the lags are."""


class LogEnds(NamedTuple):
    """One partition: last stable offsets, and what the consumer groups have committed."""

    catalog: int
    catalog_done: int
    contents: int
    contents_done: int
    documents: int
    offers: int


def read_ends(reader: LogReader, generation: int, partitions: int) -> list[LogEnds]:
    """All partitions. Blocking. Raises Unavailable."""
    names = {base: topic_name(base, generation) for base in ("catalog", "contents", "documents", "offers")}
    every = list(range(partitions))
    decided = reader.committed(f"freshet-catalog-{generation}", names["catalog"], every)
    embedded = reader.committed(f"freshet-embed-{generation}", names["contents"], every)
    ends = []
    for partition in every:
        catalog_begin, catalog = reader.begin_end(names["catalog"], partition)
        contents_begin, contents = reader.begin_end(names["contents"], partition)
        ends.append(
            LogEnds(
                catalog,
                max(decided[partition], catalog_begin),
                contents,
                max(embedded[partition], contents_begin),
                reader.begin_end(names["documents"], partition)[1],
                reader.begin_end(names["offers"], partition)[1],
            )
        )
    return ends


def lags(ends: list[LogEnds], states: Mapping[tuple[int, int], ShardState]) -> list[PartitionLag]:
    """Of several replicas the one furthest behind counts."""
    found = []
    for partition, end in enumerate(ends):
        replicas = [state for (where, _), state in states.items() if where == partition]
        found.append(
            PartitionLag(
                partition=partition,
                catalog_lag=max(0, end.catalog - end.catalog_done),
                contents_lag=behind(end.contents, end.contents_done),
                documents_lag=max((behind(end.documents, s.documents_offset) for s in replicas), default=None),
                offers_lag=max((behind(end.offers, s.offers_offset) for s in replicas), default=None),
            )
        )
    return found


def behind(end: int, done: int) -> int:
    """Records behind on a transactional topic."""
    raw = end - done
    return raw if raw > MARKER_RECORDS else 0


def searchable_ms(outcome: Outcome, seen: Seen) -> int | None:
    """When the event's change could first be found: content with its document, price and stock with their offer."""
    if outcome.outcome == "deleted":
        times = [time for time in (seen.offer_searchable_ms, seen.content_searchable_ms) if time is not None]
        return min(times, default=None)
    return seen.content_searchable_ms if outcome.content_changed else seen.offer_searchable_ms


def percentile(values: list[float], share: float) -> float | None:
    """Nearest rank; None without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


class FreshnessMeter:
    """Figures for everyone who asks, read from the log and the shards at most every REFRESH_S."""

    def __init__(
        self,
        history: History,
        shards: Shards,
        outcomes: OutcomeCache,
        states: Callable[[], Mapping[tuple[int, int], ShardState]],
        generation: int,
        clock: Callable[[], float],
    ) -> None:
        self._history = history
        self._shards = shards
        self._outcomes = outcomes
        self._states = states
        self._generation = generation
        self._clock = clock
        self._ends: list[LogEnds] = []
        self._read_at_s = float("-inf")
        self._pending: deque[tuple[float, Decided]] = deque(maxlen=PENDING_MAX)
        self._measured: deque[tuple[float, float]] = deque(maxlen=WINDOW_MAX)
        self._one = asyncio.Lock()

    @property
    def kafka_heard(self) -> bool:
        """Whether Kafka answered the last time it was asked, not long ago."""
        return self._clock() - self._read_at_s < KEPT_S

    async def now(self) -> Freshness:
        """Raises Unavailable when Kafka has not answered for KEPT_S."""
        async with self._one:
            if self._clock() - self._read_at_s >= REFRESH_S:
                await self._refresh()
        since_s = self._clock() - WINDOW_S
        took = [seconds for at_s, seconds in self._measured if at_s >= since_s]
        return Freshness(
            partitions=lags(self._ends, self._states()),
            events_per_s=round(self._outcomes.per_second(), 2),
            fresh_p50_s=percentile(took, 0.5),
            fresh_p95_s=percentile(took, 0.95),
            fresh_n=len(took),
            age_s=round(self._clock() - self._read_at_s, 3),
        )

    async def _refresh(self) -> None:
        count = len(self._shards.partitions)
        try:
            self._ends = await self._history.ask(
                lambda reader: read_ends(reader, self._generation, count), ASK_TIMEOUT_S
            )
            self._read_at_s = self._clock()
        except Unavailable:
            if not self.kafka_heard:
                raise
        await self._measure()

    async def _measure(self) -> None:
        now_s = self._clock()
        kinds = ("indexed", "deleted")
        fresh = [one for one in self._outcomes.take_newest(SAMPLE_MAX) if one.outcome.outcome in kinds]
        self._pending.extend((now_s, one) for one in fresh)
        waiting = [self._pending.popleft() for _ in range(min(SAMPLE_MAX, len(self._pending)))]
        times = await asyncio.gather(*(self._searchable_ms(one.outcome) for _, one in waiting))
        for (since_s, one), at_ms in zip(waiting, times, strict=True):
            if at_ms is not None:
                self._measured.append((now_s, max(0.0, (at_ms - one.outcome.received_ms) / 1000)))
            elif now_s - since_s < PENDING_S:
                self._pending.append((since_s, one))

    async def _searchable_ms(self, outcome: Outcome) -> int | None:
        event_id = EventId.parse(outcome.event_id)
        try:
            return searchable_ms(outcome, await self._shards.seen(event_id.partition, outcome.sku, event_id.order, 0.5))
        except Unavailable:
            return None
