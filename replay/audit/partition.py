"""The audit of one partition: what is in the log and its derived topics, beside what the rules make of the events."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

import orjson

from agents.dead_letters import PARTITION as LETTERS_PARTITION
from agents.partitions import group_of
from agents.topics import Topics
from replay.audit.embedding import Embedding
from replay.audit.findings import Tally
from replay.audit.log_part import LogPart
from replay.audit.matching import Matching, derived_offset, outcome_offset, sku_of
from replay.audit.rules import Expected, Rules
from replay.audit.share import Share
from replay.log import AgentsLog, Log
from schemas.records import ContentRecord, EventId, OfferRecord, Outcome
from schemas.topics import BY_NAME
from streams.reader import LogRecord

BATCH: Final = 1_000
CLOCK_MS: Final = 60_000
"""The broker's clock may have been set back by so much between an event and what follows from it."""
MATCHED: Final = ("outcomes", "contents", "offers")
"""As `Following` has them."""
BY_EMBED: Final = b'"by":"embed"'


class Span(NamedTuple):
    """Which events: by when they were written, ms since 1970; None: from the first that is kept, up to now."""

    from_ms: int | None = None
    to_ms: int | None = None


class PartitionAudit:
    """Goes on where it stopped: each round takes the events that were decided since.

    A record is missing, lost or twice by the events alone: `outcomes` is only compared, never believed.
    """

    def __init__(
        self,
        open_log: Callable[[], AgentsLog],
        topics: Topics,
        partition: int,
        span: Span,
        share: Share,
        now_ms: int,
    ) -> None:
        """`open_log` opens the log once more, for one topic; who gave it closes it. Raises Unavailable."""
        self.tally = Tally()
        self._topics = topics
        self._partition = partition
        self._to_ms = span.to_ms
        self._share = share
        self._now_ms = now_ms
        self._log = open_log()
        self._rules = Rules(topics, self._is_mine)
        self._embedding = Embedding(self._where("documents"), topics.generation, self.tally)
        self._gone: dict[tuple[str, str], Expected] = {}
        """By topic and SKU: a record that may have been compacted away."""
        self._forgotten: set[str] = set()
        """SKUs whose delete was forgotten: when, beside the events, only the agent knows; they are passed over."""
        self._letters: dict[str, str] = {}
        """SKU by event, of the dead letters that must be there."""
        low, self._begin = self._first_event(span.from_ms)
        began_ms = span.from_ms if self._begin > low else None
        self._events = LogPart(open_log(), topics.name("catalog"), partition, self._begin)
        self._parts = {base: self._part(open_log(), base, began_ms) for base in (*MATCHED, "documents")}
        self._letters_next = self._following(topics.name("dead-letters"), LETTERS_PARTITION, began_ms)
        self._outcomes_cut = self._parts["outcomes"].begin > 0
        """Whether retention may have removed outcomes whose events are still kept."""
        self._matching = {
            "outcomes": self._match("outcomes", Outcome, outcome_offset, self._lost),
            "contents": self._match("contents", ContentRecord, self._offset_of, partial(self._missing, "contents")),
            "offers": self._match("offers", OfferRecord, self._offset_of, partial(self._missing, "offers")),
        }
        self._know_before()

    def round(self) -> None:
        """Everything that is decided by now. Raises Unavailable, StateRefused."""
        decided, embedded = self._committed("catalog", "catalog"), self._committed("embed", "contents")
        if self._to_ms is not None:
            decided = min(decided, self._log.offset_at(self._topics.name("catalog"), self._partition, self._to_ms))
        self._events.extend(decided)
        for base, part in self._parts.items():
            part.extend(self._log.begin_end(self._topics.name(base), self._partition)[1])
        while batch := self._batch():
            self._follow(batch)
        for base, matching in self._matching.items():
            self._meet(base)
            matching.end()
            self.tally.records[base] = matching.equal
        for (base, sku), one in self._gone.items():
            self._find_missing(base, sku, one)
        self._gone.clear()
        self._read_documents()
        self._embedding.judge(embedded, decided, self._event_id)
        self._read_letters()

    def _follow(self, batch: list[LogRecord]) -> None:
        following = self._rules.follow(batch)
        for outcome in following.decided:
            self.tally.outcomes[outcome.outcome] += 1
            if outcome.outcome == "dead-lettered":
                self._letters[outcome.event_id] = outcome.sku
        self.tally.events += len(following.decided)
        for base, expected in zip(MATCHED, following[:3], strict=True):
            self._matching[base].expect(expected, batch[-1].offset + 1)
            self._meet(base)

    def _meet(self, base: str) -> None:
        """Brings what was written, up to what follows from later events."""
        part, matching = self._parts[base], self._matching[base]
        while record := part.take():
            if base == "outcomes":
                if BY_EMBED in (record.value or b""):
                    self._correct(record)
                    continue
            elif not self._is_mine(record.key):
                continue
            elif record.value is None:
                self._purge(base, _sku(record))
                continue
            elif self._gone.pop((base, _sku(record)), None) is not None:
                self.tally.compacted += 1
            if not matching.meet(record):
                part.put_back(record)
                return
            if base == "contents" and matching.met is not None:
                self._embedding.content(_sku(record), matching.met, record)

    def _correct(self, record: LogRecord) -> None:
        """`embed` refused an event that was accepted: it counts as dead-lettered."""
        offset, sku = outcome_offset(record), sku_of(record)
        if offset is None or not self._share.has(sku) or offset < self._begin:
            return
        if offset in self._embedding.refused:
            self.tally.find("twice", self._where("outcomes"), sku, self._event_id(offset), "corrected again")
            return
        self._embedding.refused.add(offset)
        self._letters[self._event_id(offset)] = sku
        self.tally.outcomes.subtract({"indexed": 1, "dead-lettered": -1})

    def _purge(self, base: str, sku: str) -> None:
        """Where the SKU has come back meanwhile, nobody can say whether its events met the delete."""
        if self._rules.is_deleted(sku):
            self._rules.know(base, sku, None)
        else:
            self._forgotten.add(sku)
        if base == "contents":
            self._embedding.forget(sku)

    def _is_mine(self, key: bytes | None) -> bool:
        return self._share.has_key(key) and not (self._forgotten and _sku_in(key) in self._forgotten)

    def _lost(self, one: Expected) -> None:
        if one.value is None:
            return
        if self._outcomes_cut and self._matching["outcomes"].equal == 0:
            self.tally.not_kept += 1
        else:
            sku = _sku(one.event)
            self.tally.find("lost", self._where("outcomes"), sku, self._event_id(one.offset), "it has no outcome")

    def _missing(self, base: str, one: Expected) -> None:
        sku, horizon_ms = _sku(one.event), BY_NAME[base].retention_ms
        if one.event.timestamp_ms < self._now_ms - horizon_ms:
            self._gone[base, sku] = one
        else:
            self._find_missing(base, sku, one)

    def _find_missing(self, base: str, sku: str, one: Expected) -> None:
        self.tally.find(
            "missing", self._where(base), sku, self._event_id(one.offset), "what follows from it is not there"
        )

    def _read_documents(self) -> None:
        while record := self._parts["documents"].take():
            if self._share.has_key(record.key) and record.value is not None:
                self._embedding.document(_sku(record), record)

    def _read_letters(self) -> None:
        """Each dead-lettered event has its letter."""
        topic = self._topics.name("dead-letters")
        _, end = self._log.begin_end(topic, LETTERS_PARTITION)
        for records in self._log.read(topic, LETTERS_PARTITION, self._letters_next, end):
            for record in records:
                self._letters.pop(_event_id_in(record), None)
        self._letters_next = max(end, self._letters_next)
        for event_id, sku in self._letters.items():
            self.tally.find("missing", topic, sku, event_id, "it was refused, but there is no dead letter of it")
        self._letters.clear()

    def _know_before(self) -> None:
        """The state that the first event met: the newest records that are older."""
        if self._begin == 0 and self._topics.generation == 1:
            return
        for base in ("contents", "offers"):
            topic = self._topics.name(base)
            for record in self._read_whole(topic):
                offset = self._offset_of(record)
                if record.value is None:
                    self._forgotten.add(_sku(record))
                elif offset is not None and offset < self._begin:
                    self._rules.know(base, _sku(record), record.value)

    def _read_whole(self, topic: str) -> Iterator[LogRecord]:
        low, high = self._log.begin_end(topic, self._partition)
        for records in self._log.read(topic, self._partition, low, high):
            yield from (record for record in records if self._share.has_key(record.key))

    def _first_event(self, from_ms: int | None) -> tuple[int, int]:
        """The first that is kept, and the first of the span."""
        topic = self._topics.name("catalog")
        low, _ = self._log.begin_end(topic, self._partition)
        return low, low if from_ms is None else max(low, self._log.offset_at(topic, self._partition, from_ms))

    def _part(self, log: Log, base: str, began_ms: int | None) -> LogPart:
        topic = self._topics.name(base)
        return LogPart(log, topic, self._partition, self._following(topic, self._partition, began_ms))

    def _following(self, topic: str, partition: int, began_ms: int | None) -> int:
        """The first record that may follow from the first event of the span."""
        low, _ = self._log.begin_end(topic, partition)
        if began_ms is None:
            return low
        return max(low, self._log.offset_at(topic, partition, began_ms - CLOCK_MS))

    def _batch(self) -> list[LogRecord]:
        batch: list[LogRecord] = []
        while len(batch) < BATCH and (event := self._events.take()):
            batch.append(event)
        return batch

    def _committed(self, agent: str, base: str) -> int:
        """Up to which offset of its input an agent has written what follows: all of that can be read by now."""
        group, topic = group_of(agent, self._topics.generation), self._topics.name(base)
        return self._log.committed(group, topic, [self._partition])[self._partition]

    def _match(
        self,
        base: str,
        model: type[Outcome] | type[ContentRecord] | type[OfferRecord],
        offset_of: Callable[[LogRecord], int | None],
        missing: Callable[[Expected], None],
    ) -> Matching:
        tells = self._share.has_offset if base == "outcomes" else _always
        matching = Matching(self._where(base), self.tally, model, offset_of, self._event_id, missing, tells)
        matching.begin(self._begin)
        return matching

    def _offset_of(self, record: LogRecord) -> int | None:
        return derived_offset(self._topics.generation, record.value)

    def _event_id(self, offset: int) -> str:
        return str(EventId(self._topics.generation, self._partition, offset))

    def _where(self, base: str) -> str:
        return f"{self._topics.name(base)}/{self._partition}"


def _always(offset: int) -> bool:
    return True


def _sku(record: LogRecord) -> str:
    return _sku_in(record.key)


def _sku_in(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")


def _event_id_in(record: LogRecord) -> str:
    try:
        return str(orjson.loads(record.value or b"")["event_id"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
