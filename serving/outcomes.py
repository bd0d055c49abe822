"""The newest outcomes in memory: what became of the last events, and how many are decided per second."""

import re
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from schemas.errors import InvalidEvent
from schemas.records import EventId, Outcome, decode, fold
from streams.reader import LogRecord

NEWEST_MAX = 1_000
"""Live outcomes that wait to be taken; beyond it the oldest is only counted."""
RATE_WINDOW_S = 10.0
RATE_SAMPLES_MAX = 100_000


RAW_SKU = re.compile(rb'"sku":("(?:[^"\\]|\\.)*")')
"""The SKU in an outcome as it stands in the log, as JSON: most outcomes need not be parsed then."""


def read_outcome(value: bytes) -> Outcome | None:
    """None for what is no outcome of an event."""
    try:
        outcome = decode(Outcome, value)
        EventId.parse(outcome.event_id)
    except (InvalidEvent, ValueError):
        return None
    return outcome


class Decided(NamedTuple):
    """The folded outcome of one event. Times in ms since 1970, as Kafka appended the records."""

    outcome: Outcome
    decided_ms: int | None
    """When `catalog` decided; None when only the correction is kept."""
    corrected_ms: int | None = None
    """When `embed` corrected it to dead-lettered."""


def folded(earlier: Decided | None, outcome: Outcome, at_ms: int) -> Decided:
    """Folds one more record of the same event in, by `schemas.records.fold`."""
    kept = fold(earlier.outcome if earlier else None, outcome)
    if outcome.by == "embed":
        corrected_ms = earlier.corrected_ms if earlier and earlier.corrected_ms else at_ms
        return Decided(kept, earlier.decided_ms if earlier else None, corrected_ms)
    decided_ms = earlier.decided_ms if earlier and earlier.decided_ms else at_ms
    return Decided(kept, decided_ms, earlier.corrected_ms if earlier else None)


class Taken(NamedTuple):
    decided: list[Decided]
    """Oldest first."""
    left_out: int


class _Kept(NamedTuple):
    """A `Decided` as it stands in the log: a third of the memory, and few are ever asked for."""

    value: bytes
    decided_ms: int | None
    corrected_ms: int | None

    def read(self) -> Decided:
        return Decided(decode(Outcome, self.value), self.decided_ms, self.corrected_ms)


class OutcomeCache:
    """The last `kept_max` outcomes by event id, oldest forgotten first. Thread-safe: one thread adds, any reads."""

    def __init__(self, clock: Callable[[], float], kept_max: int = 50_000) -> None:
        self._clock = clock
        self._kept_max = kept_max
        self._by_id: dict[EventId, _Kept] = {}
        self._arrivals_s: deque[float] = deque(maxlen=RATE_SAMPLES_MAX)
        self._newest: deque[EventId] = deque(maxlen=NEWEST_MAX)
        self._overrun = 0
        self._decided_to: dict[int, int] = {}
        self._lock = threading.Lock()

    def add(self, records: list[LogRecord], live: bool = True) -> None:
        """Takes records of `outcomes`; `live` ones count for the rate. What cannot be read is left out."""
        now_s = self._clock()
        with self._lock:
            for record in records:
                outcome = read_outcome(record.value or b"")
                if outcome is None:
                    continue
                event_id = EventId.parse(outcome.event_id)
                earlier = self._by_id.get(event_id)
                decided = folded(earlier.read() if earlier else None, outcome, record.timestamp_ms)
                value = record.value if decided.outcome is outcome or earlier is None else earlier.value
                self._by_id[event_id] = _Kept(value or b"", decided.decided_ms, decided.corrected_ms)
                if outcome.by == "catalog":
                    self._decided_to[event_id.partition] = event_id.offset
                if earlier is None and live:
                    self._arrivals_s.append(now_s)
                    self._overrun += len(self._newest) == NEWEST_MAX
                    self._newest.append(event_id)
            while len(self._by_id) > self._kept_max:
                del self._by_id[next(iter(self._by_id))]

    def get(self, event_id: EventId) -> Decided | None:
        with self._lock:
            kept = self._by_id.get(event_id)
        return kept.read() if kept else None

    def is_ahead(self, event_id: EventId) -> bool:
        """Whether the event comes after the last one that is known to be decided: no need to search the log for it."""
        with self._lock:
            return event_id.offset > self._decided_to.get(event_id.partition, event_id.offset)

    def is_past(self, event_id: EventId) -> bool:
        """Whether later events are decided, and what became of this one is no longer kept."""
        with self._lock:
            return event_id not in self._by_id and event_id.offset <= self._decided_to.get(event_id.partition, -1)

    def take_newest(self, count: int) -> Taken:
        """The newest live outcomes that were not taken before, at most `count`; the others are only counted."""
        with self._lock:
            left_out = max(0, len(self._newest) - count)
            ids = list(self._newest)[left_out:]
            left_out += self._overrun
            self._newest.clear()
            self._overrun = 0
            kept = [self._by_id[event_id] for event_id in ids if event_id in self._by_id]
        return Taken([one.read() for one in kept], left_out)

    def per_second(self) -> float:
        """Events decided per second over the last RATE_WINDOW_S."""
        since_s = self._clock() - RATE_WINDOW_S
        with self._lock:
            while self._arrivals_s and self._arrivals_s[0] < since_s:
                self._arrivals_s.popleft()
            return len(self._arrivals_s) / RATE_WINDOW_S
