"""How far the agents are behind the log, and how long an event took to become searchable."""

import asyncio
from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict

from schemas.errors import Unavailable
from schemas.hits import ShardState
from serving.fresh_sample import FreshSample
from serving.history import History
from serving.lags import LogEnds, PartitionLag, Span, empty_spans, lags, may_be_aborted, read_ends, spans
from serving.outcomes import OutcomeCache
from serving.queue_ages import QueueAges

REFRESH_S = 0.5
KEPT_S = 10.0
"""Figures older than this are not given any more."""
ASK_TIMEOUT_S = 15.0
ASK_WAIT_S = 1.0
"""A request waits so long for new figures; then it gets the last ones."""


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


class FreshnessMeter:
    """Figures for everyone who asks; the lags are read from the log at most every REFRESH_S."""

    def __init__(
        self,
        history: History,
        partitions: int,
        outcomes: OutcomeCache,
        sample: FreshSample,
        states: Callable[[], Mapping[tuple[int, int], ShardState]],
        generation: int,
        clock: Callable[[], float],
    ) -> None:
        self._history = history
        self._ages = QueueAges(history, generation)
        self._partitions = partitions
        self._outcomes = outcomes
        self._sample = sample
        self._states = states
        self._generation = generation
        self._clock = clock
        self._ends: list[LogEnds] = []
        self._spans: list[Span] = []
        self._empty: set[Span] = set()
        self._read_at_s = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None

    @property
    def silent_s(self) -> float:
        """How long ago Kafka answered last; infinite when it never did."""
        return self._clock() - self._read_at_s

    @property
    def kafka_heard(self) -> bool:
        """Whether Kafka answered the last time it was asked, not long ago."""
        return self.silent_s < KEPT_S

    async def now(self) -> Freshness:
        """Waits at most ASK_WAIT_S for new figures. Raises Unavailable when Kafka has not answered for KEPT_S."""
        if self._refreshing is None and self.silent_s >= REFRESH_S:
            self._refreshing = asyncio.create_task(self._refresh(), name="refresh-freshness")
            self._refreshing.add_done_callback(self._refreshed)
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing], timeout=ASK_WAIT_S)
        if not self.kafka_heard:
            raise Unavailable("Kafka does not answer, so the lags are not known", hint="see: freshet status")
        took = self._sample.now()
        return Freshness(
            partitions=lags(self._ends, self._spans, self._empty),
            events_per_s=round(self._outcomes.per_second(), 2),
            fresh_p50_s=took.p50_s,
            fresh_p95_s=took.p95_s,
            fresh_n=took.n,
            age_s=round(self.silent_s, 3),
        )

    async def ages_s(self, now_ms: int) -> dict[tuple[str, int], float]:
        """How long the oldest record has waited, by topic and partition, where the lags now known say that one waits.

        Raises Unavailable, Overloaded.
        """
        undecided = [("catalog", partition, end.catalog_done, end.catalog) for partition, end in enumerate(self._ends)]
        return await self._ages.of([*undecided, *self._spans], now_ms)

    def _refreshed(self, task: "asyncio.Task[None]") -> None:
        self._refreshing = None
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Unavailable):
            raise error  # a bug: the loop's handler logs it

    async def _refresh(self) -> None:
        """Raises Unavailable; then the figures stay as they were."""
        read_at_s = self._clock()
        ends = await self._history.ask(
            lambda reader: read_ends(reader, self._generation, self._partitions), ASK_TIMEOUT_S
        )
        open_spans = spans(ends, self._states())
        standing = [span for span in open_spans if span in set(self._spans) and may_be_aborted(span)]
        empty = self._empty
        if not set(standing) <= empty:
            empty = await self._history.ask(
                lambda reader: empty_spans(reader, self._generation, standing), ASK_TIMEOUT_S
            )
        self._ends, self._spans, self._empty, self._read_at_s = ends, open_spans, empty, read_at_s
