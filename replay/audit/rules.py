"""Decides the log of `catalog` once more, by the pure rules alone, and says which records must follow from it."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from agents.catalog import Decided, decide_batch
from agents.decide import SkuState, state_of
from agents.faults import Faults
from agents.topics import Topics
from schemas.errors import InvalidEvent
from schemas.records import ContentRecord, OfferRecord, Outcome, decode
from streams.reader import LogRecord

STATES_MAX: Final = 100_000
"""SKUs whose state is held ready; of the others only their records, about 1 KB each."""


class Expected(NamedTuple):
    """A record that must be there because of one event."""

    offset: int
    """Of the event in `catalog`."""
    key: bytes
    value: bytes | None
    """None: another process knows what it must be."""
    event: LogRecord


class Following(NamedTuple):
    """What must follow from a batch of events, in log order."""

    outcomes: list[Expected]
    """One for each event."""
    contents: list[Expected]
    offers: list[Expected]
    decided: list[Outcome]


class Rules:
    """The state of every SKU of one partition, as the events make it."""

    def __init__(self, topics: Topics, is_mine: Callable[[bytes | None], bool]) -> None:
        """`is_mine`: by the key of an event, whether it is decided here."""
        self._topics = topics
        self._is_mine = is_mine
        self._states: dict[str, SkuState | None] = {}
        self._records: dict[str, tuple[bytes | None, bytes | None]] = {}
        """Newest content and offer by SKU, as they were written."""

    def know(self, base: str, sku: str, value: bytes | None) -> None:
        """A record of `contents` or `offers` from before the first event; None: it was purged."""
        content, offer = self._records.get(sku, (None, None))
        content, offer = (value, offer) if base == "contents" else (content, value)
        self._states.pop(sku, None)
        if content is None and offer is None:
            self._records.pop(sku, None)
        else:
            self._records[sku] = content, offer

    def follow(self, events: Sequence[LogRecord]) -> Following:
        mine = [event for event in events if self._is_mine(event.key)]
        decided = decide_batch(mine, self._load, self._topics, Faults(), self._states)
        for base, sku, value, _ in decided.changed:
            content, offer = self._records.get(sku, (None, None))
            self._records[sku] = (value, offer) if base == "contents" else (content, value)
        if len(self._states) > STATES_MAX:
            self._states.clear()
        return _following(events, mine, decided, self._topics)

    def is_deleted(self, sku: str) -> bool:
        state = self._states.get(sku) or self._load(sku)
        return state is not None and state.live_since is None

    def _load(self, sku: str) -> SkuState | None:
        content, offer = self._records.get(sku, (None, None))
        try:
            return state_of(
                decode(ContentRecord, content) if content else None, decode(OfferRecord, offer) if offer else None
            )
        except InvalidEvent:  # what was there before the first event cannot be read: it is told where it stands
            return None


def _following(events: Sequence[LogRecord], mine: Sequence[LogRecord], decided: Decided, topics: Topics) -> Following:
    """Each event's derived records come before its outcome."""
    bases = {topics.name(base): base for base in ("outcomes", "contents", "offers")}
    by_offset = {event.offset: event for event in mine}
    made: dict[str, list[Expected]] = {"contents": [], "offers": []}
    alone = len(decided.outcomes) == len(events)  # nobody else decides any of them
    outcomes = {} if alone else {event.offset: Expected(event.offset, b"", None, event) for event in events}
    derived: list[tuple[str, bytes, bytes | None]] = []
    offsets = (int(outcome.event_id.rpartition("-")[2]) for outcome in decided.outcomes)
    for outgoing in decided.outgoing:
        base = bases.get(outgoing.topic)
        if base == "outcomes":
            event = by_offset[next(offsets)]
            outcomes[event.offset] = Expected(event.offset, outgoing.key, outgoing.value, event)
            for name, key, value in derived:
                made[name].append(Expected(event.offset, key, value, event))
            derived.clear()
        elif base is not None:
            derived.append((base, outgoing.key, outgoing.value))
    return Following([*outcomes.values()], made["contents"], made["offers"], decided.outcomes)
