"""Accounts for every acknowledged event: each must end with exactly one outcome."""

from array import array
from bisect import bisect_left
from collections import Counter
from typing import get_args

import xxhash

from schemas.records import EventId, Order, Outcome, OutcomeKind, fold

KINDS: tuple[str, ...] = get_args(OutcomeKind)
BY_EMBED = 0x80
SAMPLE_MAX = 200
"""Products that are looked up one by one at the end."""


class Ledger:
    """Offsets of our events by partition, and what became of them: nine bytes an event."""

    def __init__(self) -> None:
        self._offsets: dict[int, array[int]] = {}
        self._codes: dict[int, bytearray] = {}
        self._sorted = True
        self.acknowledged = 0

    def add(self, event: EventId) -> None:
        offsets = self._offsets.setdefault(event.partition, array("q"))
        if offsets and event.offset < offsets[-1]:
            self._sorted = False
        offsets.append(event.offset)
        self._codes.setdefault(event.partition, bytearray()).append(0)
        self.acknowledged += 1

    def settle(self) -> None:
        """Call once after the last `add` and before the first `apply`: requests were answered out of order."""
        if not self._sorted:
            self._offsets = {partition: array("q", sorted(found)) for partition, found in self._offsets.items()}
            self._sorted = True

    def apply(self, outcome: Outcome) -> None:
        """Folds as `schemas.records.fold`: the first decision stands, only `embed` corrects it. Others' events pass."""
        event = EventId.parse(outcome.event_id)
        offsets = self._offsets.get(event.partition)
        if offsets is None:
            return
        at = bisect_left(offsets, event.offset)
        if at == len(offsets) or offsets[at] != event.offset:
            return
        code = 1 + KINDS.index(outcome.outcome) | (BY_EMBED if outcome.by == "embed" else 0)
        before = self._codes[event.partition][at]
        if not before or (code & BY_EMBED and not before & BY_EMBED):
            self._codes[event.partition][at] = code

    def outcomes(self) -> dict[str, int]:
        """How many of our events ended how, every kind named."""
        counted: Counter[int] = Counter()
        for codes in self._codes.values():
            counted.update(code & ~BY_EMBED for code in codes if code)
        return {kind: counted[1 + number] for number, kind in enumerate(KINDS)}

    @property
    def unaccounted(self) -> int:
        return sum(codes.count(0) for codes in self._codes.values())

    def partitions(self) -> list[int]:
        return sorted(self._offsets)


class Sample:
    """A few SKUs by hash, the same for every run over the same file, with the newest event of each and its outcome."""

    def __init__(self, size: int = SAMPLE_MAX) -> None:
        self._size = size
        self._events: dict[int, tuple[str, EventId]] = {}
        self._outcomes: dict[str, Outcome] = {}

    def add(self, sku: str, event: EventId) -> None:
        key = xxhash.xxh3_64_intdigest(sku.encode())
        if key in self._events:
            self._events[key] = (sku, max(event, self._events[key][1]))
            return
        if len(self._events) >= self._size:
            greatest = max(self._events)
            if key > greatest:
                return
            del self._events[greatest]
        self._events[key] = (sku, event)

    def note(self, outcome: Outcome) -> None:
        """Call it after the last `add`: outcomes of other events pass."""
        found = self._events.get(xxhash.xxh3_64_intdigest(outcome.sku.encode()))
        if found and str(found[1]) == outcome.event_id:
            self._outcomes[outcome.sku] = fold(self._outcomes.get(outcome.sku), outcome)

    def outcome_of(self, sku: str) -> Outcome | None:
        return self._outcomes.get(sku)

    def wanted(self) -> list[tuple[str, Order]]:
        return [(sku, event.order) for sku, event in self._events.values()]
