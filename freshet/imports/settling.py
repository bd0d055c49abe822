"""Waits until every event of an import is decided and can be found, and proves it on a sample."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from freshet.imports.ledger import Ledger, Sample
from freshet.progress import Show, Step
from schemas.errors import InvalidEvent, Unavailable
from schemas.records import Order, Outcome, decode
from schemas.topics import topic_name
from streams.reader import LogRecord

LOOK_EVERY_S = 0.5
STALL_S_MAX = 120.0
"""Without any progress for so long the wait is given up: a killed process is back long before."""
FOUND = frozenset({"indexed", "unchanged", "duplicate"})
"""Outcomes after which the product, as the line says it, is in the shop."""


class TopicLog(Protocol):
    """The reader of `streams`. Blocking."""

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]: ...

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]: ...


class Freshet(Protocol):
    """The calls to the HTTP tier that settling needs."""

    async def get(self, path: str) -> Any: ...

    async def product(self, sku: str) -> dict[str, Any] | None: ...


class OutcomeFollower:
    """Reads what was written to `outcomes` since it was made. Blocking."""

    def __init__(self, reader: TopicLog, generation: int, partitions: int) -> None:
        self._reader = reader
        self._topic = topic_name("outcomes", generation)
        self._next = {partition: reader.begin_end(self._topic, partition)[1] for partition in range(partitions)}

    def read_into(self, ledger: Ledger, sample: Sample) -> None:
        for partition, start in self._next.items():
            end = self._reader.begin_end(self._topic, partition)[1]
            for records in self._reader.read(self._topic, partition, start, end):
                for record in records:
                    try:
                        outcome = decode(Outcome, record.value or b"")
                    except InvalidEvent:
                        continue  # an outcome nobody can read leaves its event unaccounted, and that is reported
                    ledger.apply(outcome)
                    sample.note(outcome)
            self._next[partition] = end


class Drained:
    """Per partition: has everything that was acknowledged before `since_s` passed catalog, embed and shard?

    Each stage is ticked off when its lag was 0 once after the stage before: new events of others may come meanwhile.
    """

    STAGES = (("catalog_lag",), ("contents_lag",), ("documents_lag", "offers_lag"))

    def __init__(self, since_s: float) -> None:
        self._since_s = since_s
        self._passed: dict[int, int] = {}

    def observe(self, now_s: float, freshness: Mapping[str, Any]) -> bool:
        """`now_s`: when the answer had come, on the clock of `since_s`."""
        if now_s - float(freshness.get("age_s") or 0.0) < self._since_s:
            return False
        for lags in freshness["partitions"]:
            passed = self._passed.get(lags["partition"], 0)
            while passed < len(self.STAGES) and all(lags[name] == 0 for name in self.STAGES[passed]):
                passed += 1
            self._passed[lags["partition"]] = passed
        return bool(self._passed) and all(passed == len(self.STAGES) for passed in self._passed.values())


def queued_events(freshness: Mapping[str, Any]) -> int:
    """Events that wait in any stage; a lag that is not known counts as none."""
    names = ("catalog_lag", "contents_lag", "documents_lag")
    return sum(lags[name] or 0 for lags in freshness["partitions"] for name in names)


@dataclass(frozen=True)
class Settled:
    searchable: bool
    """Whether all stages have passed everything."""
    at_s: float
    """When that was seen first."""
    sampled: int
    missing: list[str]
    """SKUs of the sample that are not served as they should be."""


async def settle(
    ledger: Ledger,
    sample: Sample,
    outcomes: OutcomeFollower,
    door: Freshet,
    *,
    show: Show,
    rejected: int,
    stop: asyncio.Event,
    clock: Callable[[], float],
    stall_s: float = STALL_S_MAX,
) -> Settled:
    """Returns when all is searchable, when `stop` is set, or when nothing moved for `stall_s`."""
    ledger.settle()
    drained, done = Drained(clock()), False
    best, moved_s, begun_s, start = -1, clock(), clock(), 0
    while not stop.is_set() and clock() - moved_s < stall_s:
        await _read_outcomes(outcomes, ledger, sample)
        queued = await _queued(door, drained, clock)
        done = queued is None
        left = ledger.unaccounted + (queued or 0)
        if best < 0:
            start = max(left, 1)
        if best < 0 or left < best:
            best, moved_s = left, clock()
        per_s = (start - left) / max(clock() - begun_s, 0.001)
        eta_s = left / per_s if per_s > 0 else None
        settled = ledger.acknowledged - min(left, ledger.acknowledged)
        show.update(Step("searchable", settled, settled / max(1, ledger.acknowledged), per_s, eta_s, rejected), clock())
        if done and not ledger.unaccounted:
            break
        await _pause(stop, LOOK_EVERY_S)
    at_s = clock()
    await _read_outcomes(outcomes, ledger, sample)  # the encoder may have corrected some meanwhile
    missing = await _missing(sample, door, stop, clock, stall_s if done else 0.0)
    return Settled(done, at_s, len(sample.wanted()), missing)


async def _read_outcomes(outcomes: OutcomeFollower, ledger: Ledger, sample: Sample) -> None:
    """Kafka may be away for a while: the next look reads on from the same place."""
    with contextlib.suppress(Unavailable):
        await asyncio.to_thread(outcomes.read_into, ledger, sample)


async def _queued(door: Freshet, drained: Drained, clock: Callable[[], float]) -> int | None:
    """None when everything has passed; Kafka or the tier may be away for a while."""
    try:
        freshness = await door.get("/v1/freshness")
    except Unavailable:
        return 1
    return None if drained.observe(clock(), freshness) else max(1, queued_events(freshness))


async def _missing(
    sample: Sample, door: Freshet, stop: asyncio.Event, clock: Callable[[], float], wait_s: float
) -> list[str]:
    left, deadline_s = sample.wanted(), clock() + min(wait_s, 30.0)
    while True:
        still = []
        for sku, order in left:
            try:
                served = await door.product(sku)
            except Unavailable:
                served = None
            if not is_served(served, order, sample.outcome_of(sku)):
                still.append((sku, order))
        left = still
        if not left or stop.is_set() or clock() >= deadline_s:
            return [sku for sku, _ in left]
        await _pause(stop, LOOK_EVERY_S)


def is_served(served: Mapping[str, Any] | None, order: Order, outcome: Outcome | None) -> bool:
    """Whether the shop shows what the event with this order and outcome says. Pure."""
    if outcome is None:
        return False
    if outcome.outcome == "deleted":
        return served is None
    if outcome.outcome not in FOUND:
        return True  # superseded: another event decides; dead-lettered: nothing was promised
    if served is None:
        return False
    if outcome.outcome != "indexed":
        return True  # an earlier event made it what the line says
    reached = served.get("content_order" if outcome.content_changed else "offer_order")
    return reached is not None and tuple(reached) >= tuple(order)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
