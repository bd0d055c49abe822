"""Products whose newest event was refused: what `outcomes` tells, read on from where the last question ended."""

from typing import Final, NamedTuple

import orjson

from schemas.records import EventId, Outcome
from schemas.topics import topic_name
from serving.history import LogReader
from serving.log_events import events_at
from serving.outcomes import RAW_SKU, read_outcome
from streams.partitioner import partition_of
from streams.reader import LogRecord

READ_MAX: Final = 50_000
"""Outcomes read for one question, about half a second of one core."""
PRODUCTS_MAX: Final = 100_000
"""Refused products that are remembered, the oldest are forgotten first."""
LOOKED_UP_MAX: Final = 1_000
"""Events looked up for one question, where the outcome does not tell enough."""
REFUSED: Final = b'"outcome":"dead-lettered"'


class Refused(NamedTuple):
    event: EventId
    reason: str
    at_ms: int
    """When it was refused."""
    offset: int
    """Of that outcome, in `outcomes`."""


class RefusedProducts:
    """For one thread. The SKU is kept as JSON, as it stands in the log: most outcomes need not be parsed then."""

    def __init__(self, generation: int, partitions: int, products_max: int = PRODUCTS_MAX) -> None:
        self._generation = generation
        self._partitions = partitions
        self._products_max = products_max
        self._next: dict[int, int] = {}
        """Offset in `outcomes`, by partition."""
        self._by_catalog: dict[bytes, Refused] = {}
        self._by_embed: dict[bytes, Refused] = {}
        self.forgotten = 0
        """Products that are not remembered any more: too many at once. They are looked for again once there is room."""

    def read_on(self, reader: LogReader, records_max: int = READ_MAX, lookups_max: int = LOOKED_UP_MAX) -> int:
        """Reads at most so many outcomes; how many are left. Blocking. Raises Unavailable."""
        topic = topic_name("outcomes", self._generation)
        ends = [reader.begin_end(topic, partition) for partition in range(self._partitions)]
        self._let_go([begin for begin, _ in ends])
        if self.forgotten and self._remembered() <= self._products_max // 2:
            self._begin_again()
        for partition, (begin, end) in enumerate(ends):
            at = max(begin, self._next.get(partition, begin))
            upto = min(end, at + records_max)
            read = reader.read(topic, partition, at, upto) if at < upto else ()
            records = [record for batch in read for record in batch]  # all, before the reader reads elsewhere
            known, upto = _known(records, upto, lookups_max)
            nobodys = [offset for record in known if (offset := _nobodys(record)) is not None]
            self._take(reader, partition, known, nobodys)
            self._next[partition] = upto
            records_max -= upto - at
            lookups_max -= len(nobodys)
        self._forget()
        return sum(max(0, end - self._next[partition]) for partition, (_, end) in enumerate(ends))

    def by_catalog(self) -> dict[str, Refused]:
        """Products whose newest event was refused when it was decided, by SKU."""
        return {orjson.loads(sku): one for sku, one in self._by_catalog.items()}

    def by_embed(self) -> dict[str, Refused]:
        """Products whose content the encoder refused, and of which it is not known that a newer one was accepted."""
        return {orjson.loads(sku): one for sku, one in self._by_embed.items()}

    def drop(self, sku: str) -> None:
        """A newer content was accepted."""
        self._by_embed.pop(orjson.dumps(sku), None)

    def _take(self, reader: LogReader, partition: int, records: list[LogRecord], nobodys: list[int]) -> None:
        catalog = topic_name("catalog", self._generation)
        keys = events_at(reader, catalog, partition, nobodys) if nobodys else {}
        for record in records:
            outcome = self._outcome(record)
            if outcome is None:
                continue
            event = EventId.parse(outcome.event_id)
            sku = outcome.sku or _text(keys[event.offset].key if event.offset in keys else None)
            if sku and event.partition == partition_of(sku.encode(), self._partitions) == partition:
                self._fold(orjson.dumps(sku), event, outcome, record)

    def _outcome(self, record: LogRecord) -> Outcome | None:
        """None where it changes nothing that is known here."""
        value = record.value or b""
        if REFUSED not in value:
            sku = RAW_SKU.search(value)
            if sku is None or (sku[1] not in self._by_catalog and sku[1] not in self._by_embed):
                return None
        return read_outcome(value)

    def _fold(self, sku: bytes, event: EventId, outcome: Outcome, record: LogRecord) -> None:
        if outcome.outcome == "dead-lettered":
            known = self._by_embed if outcome.by == "embed" else self._by_catalog
            before = known.pop(sku, None)  # the newest comes last
            refused = Refused(event, outcome.reason, record.timestamp_ms, record.offset)
            known[sku] = max(before, refused) if before is not None else refused
            return
        self._by_catalog.pop(sku, None)
        if outcome.outcome == "deleted" or (outcome.outcome == "indexed" and outcome.content_changed):
            self._by_embed.pop(sku, None)

    def _forget(self) -> None:
        for known in (self._by_catalog, self._by_embed):
            while len(known) > self._products_max:
                del known[next(iter(known))]
                self.forgotten += 1

    def _let_go(self, begins: list[int]) -> None:
        """What retention has removed: a journey does not know it any more, either."""
        for known in (self._by_catalog, self._by_embed):
            for sku in [sku for sku, one in known.items() if one.offset < begins[one.event.partition]]:
                del known[sku]

    def _remembered(self) -> int:
        return max(len(self._by_catalog), len(self._by_embed))

    def _begin_again(self) -> None:
        self._by_catalog.clear()
        self._by_embed.clear()
        self._next.clear()
        self.forgotten = 0


def _known(records: list[LogRecord], upto: int, lookups_max: int) -> tuple[list[LogRecord], int]:
    """Those before the first event too many that would have to be looked up, and up to which offset that is."""
    for nth, record in enumerate(records):
        if _nobodys(record) is not None:
            if lookups_max == 0:
                return records[:nth], record.offset
            lookups_max -= 1
    return records, upto


def _nobodys(record: LogRecord) -> int | None:
    """Offset of an event that was refused before its SKU could be read."""
    value = record.value or b""
    outcome = read_outcome(value) if REFUSED in value and b'"sku":""' in value else None
    return EventId.parse(outcome.event_id).offset if outcome is not None else None


def _text(key: bytes | None) -> str:
    try:
        return (key or b"").decode()
    except UnicodeDecodeError:
        return ""
