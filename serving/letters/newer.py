"""What came after dead-lettered events: what is newer must not be undone by sending an older event again."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import orjson

from schemas.errors import InvalidEvent, InvalidRequest
from schemas.events import decode_event
from schemas.records import EventId, Outcome
from schemas.topics import topic_name
from serving.history import LogReader
from serving.lags import read_ends
from serving.log_events import events_at
from serving.outcomes import RAW_SKU, read_outcome
from serving.stuck.waiting import SCANNED_MAX, before_step
from streams.reader import LogRecord

READ_MAX: Final = 1_000_000
"""Outcomes read for one question, about five seconds of one core."""
REPLAYS_MAX: Final = 5_000
"""Events looked up, in each partition: whether they repeat one of those asked about."""


class Refused(NamedTuple):
    """An event that is asked about."""

    event: EventId
    sku: str
    accepted: bool
    """By `catalog`: a later stage refused it, so only newer content takes its place."""
    at_ms: int
    """Before its outcome was written."""
    repeats: EventId | None = None
    """The event that it repeated itself: what repeats that one too comes in its place."""


class Newer(NamedTuple):
    event: EventId | None
    """None: nobody can tell."""
    why: str


def newer_than(
    reader: LogReader,
    generation: int,
    partitions: int,
    refused: Iterable[Refused],
    read_max: int = READ_MAX,
    waiting_max: int = SCANNED_MAX,
) -> dict[EventId, Newer]:
    """What took the place of each event; those that can be sent again are missing. Blocking.

    Raises Unavailable, InvalidRequest when more would have to be read than `read_max`.
    """
    found: dict[EventId, Newer] = {}
    ends = read_ends(reader, generation, partitions)  # first: what is decided meanwhile is found in the outcomes
    by_partition: dict[int, list[Refused]] = {}
    for one in refused:
        by_partition.setdefault(one.event.partition, []).append(one)
    for partition, ones in by_partition.items():
        read_max -= _decided(reader, generation, partition, ones, found, read_max)
        catalog = topic_name("catalog", generation)
        low, high = ends[partition].catalog_done, ends[partition].catalog
        waiting, complete = before_step(reader, catalog, generation, partition, low, high, waiting_max)
        for one in ones:
            if one.sku in waiting and waiting[one.sku].event > one.event:
                found.setdefault(one.event, Newer(waiting[one.sku].event, "waits for its decision"))
            elif not complete:
                found.setdefault(one.event, Newer(None, "too many events wait for their decision; ask again later"))
    return found


def _decided(
    reader: LogReader,
    generation: int,
    partition: int,
    refused: list[Refused],
    found: dict[EventId, Newer],
    read_max: int,
) -> int:
    """Fills `found`; how many outcomes were read."""
    topic = topic_name("outcomes", generation)
    begin, end = reader.begin_end(topic, partition)
    low = max(begin, reader.offset_at(topic, partition, min(one.at_ms for one in refused)))
    if end - low > read_max:
        raise InvalidRequest(
            "too_much", f"{end - low:,} outcomes came after these letters, {read_max:,} are read at most",
            hint="ask for newer letters: --since",
        )  # fmt: skip
    skus = {orjson.dumps(one.sku) for one in refused}
    outcomes = [
        outcome
        for records in reader.read(topic, partition, low, end)
        for record in records
        if (outcome := _of_interest(record, skus)) is not None
    ]
    replays = _replays(reader, generation, partition, outcomes)
    by_sku: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_sku.setdefault(outcome.sku, []).append(outcome)
    oldest_ms = _oldest_ms(reader, topic, partition, begin, end)
    for one in refused:
        if one.at_ms < oldest_ms:
            found[one.event] = Newer(None, "its outcome is no longer kept, so nobody can tell what came after it")
        for outcome in by_sku.get(one.sku, ()):
            event = EventId.parse(outcome.event_id)
            if event > one.event and (why := _takes_its_place(one, event, outcome, replays)):
                found.setdefault(one.event, Newer(event, why))
    return end - low


def _of_interest(record: LogRecord, skus: set[bytes]) -> Outcome | None:
    value = record.value or b""
    sku = RAW_SKU.search(value)
    if sku is None or sku[1] not in skus:
        return None
    return read_outcome(value)


def _replays(
    reader: LogReader, generation: int, partition: int, outcomes: Iterable[Outcome]
) -> Mapping[EventId, EventId]:
    """Which event each refused or late one repeats: of the others it does not matter."""
    offsets = [EventId.parse(one.event_id).offset for one in outcomes if one.outcome in ("superseded", "dead-lettered")]
    records = events_at(reader, topic_name("catalog", generation), partition, offsets[-REPLAYS_MAX:])
    found: dict[EventId, EventId] = {}
    for offset, record in records.items():
        repeated = replay_of(record.value or b"")
        if repeated is not None:
            found[EventId(generation, partition, offset)] = repeated
    return found


def replay_of(value: bytes) -> EventId | None:
    """The refused event that this one repeats; None where it says none."""
    if b'"replay_of"' not in value:
        return None
    try:
        text = decode_event(value)[0].replay_of
    except InvalidEvent:
        try:
            text = orjson.loads(value).get("replay_of")
            return EventId.parse(text)
        except (ValueError, AttributeError, TypeError):
            return None
    return EventId.parse(text) if text is not None else None


def _takes_its_place(one: Refused, event: EventId, outcome: Outcome, replays: Mapping[EventId, EventId]) -> str:
    """Why the event need not, or must not, be sent again; empty: it may."""
    if event in replays and replays[event] in (one.event, one.repeats):
        return f"has sent it again ({outcome.outcome})"
    if outcome.outcome == "deleted":
        return "has deleted the product"
    if outcome.outcome == "indexed" and (outcome.content_changed or not one.accepted):
        return "was accepted"
    if outcome.outcome in ("unchanged", "duplicate") and not one.accepted:
        return "says that the product is to stay as it is"
    return ""


def _oldest_ms(reader: LogReader, topic: str, partition: int, begin: int, end: int) -> int:
    """When the oldest outcome that is kept was written; 0: all are kept."""
    if begin == 0 or begin >= end:
        return 0
    first = reader.record_at(topic, partition, begin)
    return first.timestamp_ms if first is not None else 0
