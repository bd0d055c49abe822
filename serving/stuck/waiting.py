"""Products that a step has before it: the records of a topic that nobody has done yet."""

import re
from typing import Final, NamedTuple

from schemas.records import EventId
from serving.history import LogReader
from serving.lags import MARKER_RECORDS
from streams.reader import LogRecord

SCANNED_MAX: Final = 50_000
"""Records looked through before one step."""
ORDER: Final = re.compile(rb'"order":\[(\d+),(\d+)\]')


class Waits(NamedTuple):
    """The records of one product that are to be done."""

    event: EventId
    """Of the newest of them."""
    since_ms: int
    """When the first of them came."""
    offset: int
    """Of the newest record, in its topic."""


class Before(NamedTuple):
    products: dict[str, Waits]
    complete: bool
    """False: there are records that were not looked at."""


NOTHING: Final = Before({}, True)


def before_step(
    reader: LogReader, topic: str, generation: int, partition: int, low: int, high: int, scanned_max: int = SCANNED_MAX
) -> Before:
    """By SKU. A record of `catalog` is its own event, the others name it. Blocking. Raises Unavailable."""
    if high - low <= (0 if topic.startswith("catalog") else MARKER_RECORDS):
        return NOTHING
    found: dict[str, Waits] = {}
    upto = min(high, low + scanned_max)
    for records in reader.read(topic, partition, low, upto):
        for record in records:
            sku, event = _sku(record), _event(record, topic, generation, partition)
            if sku and event is not None:
                earlier = found.get(sku)
                since_ms = earlier.since_ms if earlier else record.timestamp_ms
                found[sku] = Waits(event, since_ms, record.offset)
    return Before(found, upto == high)


def _sku(record: LogRecord) -> str:
    try:
        return (record.key or b"").decode()
    except UnicodeDecodeError:
        return ""


def _event(record: LogRecord, topic: str, generation: int, partition: int) -> EventId | None:
    if topic.startswith("catalog"):
        return EventId(generation, partition, record.offset)
    order = ORDER.search(record.value or b"")
    return EventId(int(order[1]), partition, int(order[2])) if order else None
