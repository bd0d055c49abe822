"""How far the agents are behind the log, and how long an event took to become searchable."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Set
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.errors import Unavailable
from schemas.records import EventId, Outcome
from schemas.search import ShardState
from schemas.topics import topic_name
from serving.event_steps import is_searchable, searchable_ms
from serving.history import History, LogReader
from serving.outcomes import OutcomeCache
from serving.shards import Seen, Shards

REFRESH_S = 0.5
KEPT_S = 10.0
"""Figures older than this are not given any more."""
ASK_TIMEOUT_S = 15.0
ASK_WAIT_S = 1.0
"""A request waits so long for new figures; then it gets the last ones."""
SAMPLE_MAX = 10
"""Events asked after per refresh."""
PENDING_MAX = 50
SEEN_TIMEOUT_S = 0.5
PENDING_S = 30.0
"""An event that is not searchable after so long is no longer waited for here (the lags show it)."""
WINDOW_S = 60.0
WINDOW_MAX = 1_000
MARKER_RECORDS = 1
"""The last offset of a transactional topic is the transaction's marker, never a record."""
ABORTED_RECORDS_MAX = 5_000
"""A lag up to this that stands still may be an aborted transaction: then there is nothing to read in it."""


class PartitionLag(BaseModel):
    """Records each step is behind; null when its process does not tell."""

    partition: int
    catalog_lag: int
    contents_lag: int
    documents_lag: int | None
    offers_lag: int | None
    clicks_lag: int


class Freshness(BaseModel):
    """How far behind the log each step is, and how long events took."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    partitions: list[PartitionLag]
    events_per_s: float
    """Events decided per second over the last 10 s."""
    fresh_p50_s: float | None
    """From the event's arrival in Kafka until searchable, over a sample of the last 60 s; null without events."""
    fresh_p95_s: float | None
    fresh_n: int
    """Events in the sample."""
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
    clicks_behind: int


def read_ends(reader: LogReader, generation: int, partitions: int) -> list[LogEnds]:
    """All partitions. Blocking. Raises Unavailable."""
    names = {base: topic_name(base, generation) for base in ("catalog", "contents", "documents", "offers", "clicks")}
    every = list(range(partitions))
    decided = reader.committed(f"freshet-catalog-{generation}", names["catalog"], every)
    embedded = reader.committed(f"freshet-embed-{generation}", names["contents"], every)
    counted = reader.committed(f"freshet-session-{generation}", names["clicks"], every)
    ends = []
    for partition in every:
        catalog_begin, catalog = reader.begin_end(names["catalog"], partition)
        contents_begin, contents = reader.begin_end(names["contents"], partition)
        clicks_begin, clicks = reader.begin_end(names["clicks"], partition)
        ends.append(
            LogEnds(
                catalog,
                max(decided[partition], catalog_begin),
                contents,
                max(embedded[partition], contents_begin),
                reader.begin_end(names["documents"], partition)[1],
                reader.begin_end(names["offers"], partition)[1],
                max(0, clicks - max(counted[partition], clicks_begin)),
            )
        )
    return ends


Span = tuple[str, int, int, int]
"""Topic, partition, and the offsets from the first that is not done to the end of the log."""


def spans(ends: list[LogEnds], states: Mapping[tuple[int, int], ShardState]) -> list[Span]:
    """What is not done yet on the transactional topics; of several replicas the one furthest behind counts."""
    found = []
    for partition, end in enumerate(ends):
        replicas = [state for (where, _), state in states.items() if where == partition]
        found.append(("contents", partition, end.contents_done, end.contents))
        if replicas:
            found.append(("documents", partition, min(s.documents_offset for s in replicas), end.documents))
            found.append(("offers", partition, min(s.offers_offset for s in replicas), end.offers))
    return found


def lags(ends: list[LogEnds], open_spans: list[Span], empty: Set[Span]) -> list[PartitionLag]:
    """Records behind per step; a span in `empty` holds no record that will ever be read."""
    behind = {
        (base, partition): 0 if (base, partition, done, end) in empty or end - done <= MARKER_RECORDS else end - done
        for base, partition, done, end in open_spans
    }
    return [
        PartitionLag(
            partition=partition,
            catalog_lag=max(0, end.catalog - end.catalog_done),
            contents_lag=behind[("contents", partition)],
            documents_lag=behind.get(("documents", partition)),
            offers_lag=behind.get(("offers", partition)),
            clicks_lag=end.clicks_behind,
        )
        for partition, end in enumerate(ends)
    ]


def empty_spans(reader: LogReader, generation: int, standing: list[Span]) -> set[Span]:
    """Those of the spans that hold nothing but markers and aborted records. Blocking. Raises Unavailable."""
    found = set()
    for base, partition, done, end in standing:
        first = reader.record_at(topic_name(base, generation), partition, done)
        if first is None or first.offset >= end:
            found.add((base, partition, done, end))
    return found


def percentile(values: list[float], share: float) -> float | None:
    """Nearest rank; None without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def may_be_aborted(span: Span) -> bool:
    return MARKER_RECORDS < span[3] - span[2] <= ABORTED_RECORDS_MAX


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
        self._spans: list[Span] = []
        self._empty: set[Span] = set()
        self._read_at_s = float("-inf")
        self._pending: deque[tuple[float, Outcome]] = deque(maxlen=PENDING_MAX)
        self._measured: deque[tuple[float, float]] = deque(maxlen=WINDOW_MAX)
        self._refreshing: asyncio.Task[None] | None = None

    @property
    def kafka_heard(self) -> bool:
        """Whether Kafka answered the last time it was asked, not long ago."""
        return self._clock() - self._read_at_s < KEPT_S

    async def now(self) -> Freshness:
        """Waits at most ASK_WAIT_S for new figures. Raises Unavailable when Kafka has not answered for KEPT_S."""
        if self._refreshing is None and self._clock() - self._read_at_s >= REFRESH_S:
            self._refreshing = asyncio.create_task(self._refresh(), name="refresh-freshness")
            self._refreshing.add_done_callback(self._refreshed)
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing], timeout=ASK_WAIT_S)
        if not self.kafka_heard:
            raise Unavailable("Kafka does not answer, so the lags are not known", hint="see: freshet status")
        since_s = self._clock() - WINDOW_S
        took = [seconds for at_s, seconds in self._measured if at_s >= since_s]
        return Freshness(
            partitions=lags(self._ends, self._spans, self._empty),
            events_per_s=round(self._outcomes.per_second(), 2),
            fresh_p50_s=percentile(took, 0.5),
            fresh_p95_s=percentile(took, 0.95),
            fresh_n=len(took),
            age_s=round(self._clock() - self._read_at_s, 3),
        )

    def _refreshed(self, task: "asyncio.Task[None]") -> None:
        self._refreshing = None
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Unavailable):
            raise error  # a bug: the loop's handler logs it

    async def _refresh(self) -> None:
        """Raises Unavailable; then the figures stay as they were."""
        count = len(self._shards.partitions)
        read_at_s = self._clock()
        ends = await self._history.ask(lambda reader: read_ends(reader, self._generation, count), ASK_TIMEOUT_S)
        open_spans = spans(ends, self._states())
        standing = [span for span in open_spans if span in set(self._spans) and may_be_aborted(span)]
        empty = self._empty
        if not set(standing) <= empty:
            empty = await self._history.ask(
                lambda reader: empty_spans(reader, self._generation, standing), ASK_TIMEOUT_S
            )
        self._ends, self._spans, self._empty, self._read_at_s = ends, open_spans, empty, read_at_s
        await self._measure()

    async def _measure(self) -> None:
        now_s = self._clock()
        kinds = ("indexed", "deleted")
        fresh = [one for one in self._outcomes.take_newest(SAMPLE_MAX) if one.outcome.outcome in kinds]
        self._pending.extend((now_s, one.outcome) for one in fresh)
        waiting = [self._pending.popleft() for _ in range(min(SAMPLE_MAX, len(self._pending)))]
        seens = await asyncio.gather(*(self._seen(outcome) for _, outcome in waiting))
        for (since_s, outcome), seen in zip(waiting, seens, strict=True):
            at_ms = searchable_ms(outcome, seen) if seen else None
            if at_ms is not None:
                self._measured.append((now_s, max(0.0, (at_ms - outcome.received_ms) / 1000)))
            elif now_s - since_s < PENDING_S and not (seen and is_past(outcome, seen)):
                self._pending.append((since_s, outcome))

    async def _seen(self, outcome: Outcome) -> Seen | None:
        event_id = EventId.parse(outcome.event_id)
        try:
            return await self._shards.seen(event_id.partition, outcome.sku, event_id.order, SEEN_TIMEOUT_S)
        except Unavailable:
            return None


def is_past(outcome: Outcome, seen: Seen) -> bool:
    """Whether no time will ever be known: a newer event took the place, or the shard has forgotten it."""
    return is_searchable(EventId.parse(outcome.event_id), outcome, seen)
