"""Sends refused events again: as they were or mended, each at most once, and none over something newer."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from schemas.errors import FreshetError
from schemas.records import DeadLetter, EventId
from serving.door import Door, EventsAnswer
from serving.history import History, LogReader
from serving.letters.kept import KeptLetter, LettersAsked, LetterScan, sku_of
from serving.letters.model import Resubmitted, Skipped
from serving.letters.newer import Newer, Refused, newer_than, replay_of
from serving.letters.original import CannotReplay, event_id_of, original_event, replay_event
from serving.problems import Refusal
from streams.partitioner import partition_of

LOG_TIMEOUT_S: Final = 60.0
LETTERS_MAX: Final = 5_000
"""Sent again by one question."""
PART: Final = 200
"""Events handed to the door at once."""
EARLIER_MS: Final = 60_000
"""The outcomes of a transaction may be written a little before the time of its dead letters."""
ORPHAN: Final = "unknown_sku"
"""Reason of a patch without a product: a product that came later takes its place, and without one it fails again."""


class Plan(NamedTuple):
    """What would be sent, in the order of the refused events, and what would not."""

    ready: list[tuple[KeptLetter, EventId, bytes]]
    skipped: list[Skipped]
    next: int | None = None
    """Older letters were left: they are before this offset."""


class LetterTopics(NamedTuple):
    generation: int
    partitions: int
    tenant_attribute: str


def plan(reader: LogReader, topics: LetterTopics, letters: Iterable[KeptLetter], mended: bytes | None = None) -> Plan:
    """`mended` takes the place of the original. Blocking. Raises Unavailable, InvalidRequest."""
    skipped: list[Skipped] = []
    events: dict[EventId, KeptLetter] = {}
    for kept in letters:
        try:
            event = _sendable(kept.letter, topics)
            if event in events:
                skipped.append(Skipped(id=kept.letter.id, why=f"its event {event} has another letter"))
            events.setdefault(event, kept)
        except CannotReplay as error:
            skipped.append(_skipped(kept.letter, error))
    asked = [_refused(event, kept.letter) for event, kept in events.items()]
    newer = newer_than(reader, topics.generation, topics.partitions, asked)
    ready: list[tuple[KeptLetter, EventId, bytes]] = []
    for event, kept in sorted(events.items(), key=lambda item: item[0]):
        try:
            ready.append((kept, event, _again(reader, topics, kept.letter, event, newer.get(event), mended)))
        except Superseded as error:
            skipped.append(_skipped(kept.letter, error, error.by))
        except CannotReplay as error:
            skipped.append(_skipped(kept.letter, error))
    return Plan(ready, skipped)


class Superseded(CannotReplay):
    """Something newer took its place."""

    by = ""


def _again(
    reader: LogReader,
    topics: LetterTopics,
    letter: DeadLetter,
    event: EventId,
    newer: Newer | None,
    mended: bytes | None,
) -> bytes:
    if newer is not None:
        named = f"event {newer.event} {newer.why}" if newer.event else newer.why
        error = Superseded(f"{letter.id}: {named}", hint="send the product again if it is to be changed")
        error.by = str(newer.event) if newer.event else ""
        raise error
    if mended is not None and letter.stage != "catalog":
        raise CannotReplay(
            f"{letter.id}: its event was accepted as it is, and only a later step refused it",
            hint="send the product as a new event: POST /v1/catalog",
        )
    if mended is None and letter.reason == ORPHAN:
        raise CannotReplay(f"there is still no product {sku_of(letter)!r}", hint="send the whole product as an upsert")
    original = original_event(letter, reader, topics.generation) if mended is None else mended
    return replay_event(letter, original, event, sku_of(letter))


def _sendable(letter: DeadLetter, topics: LetterTopics) -> EventId:
    event, sku = event_id_of(letter, topics.generation), sku_of(letter)
    if not sku or partition_of(sku.encode(), topics.partitions) != event.partition:
        raise CannotReplay(
            f"{letter.id}: where it stands among the events of its product is not known", hint="send the product again"
        )
    return event


def _refused(event: EventId, letter: DeadLetter) -> Refused:
    by_catalog = letter.stage == "catalog"
    repeats = replay_of(letter.original()[1]) if by_catalog else None
    return Refused(event, sku_of(letter), not by_catalog, max(0, letter.received_ms - EARLIER_MS), repeats)


def _skipped(letter: DeadLetter, error: FreshetError, by: str = "") -> Skipped:
    return Skipped(id=letter.id, why=error.message, hint=error.hint, superseded_by=by)


class Resubmitting:
    """For one event loop: one at a time, so that two of them do not send the same letter."""

    def __init__(self, history: History, door: Door, topics: LetterTopics) -> None:
        self._history = history
        self._door = door
        self.topics = topics
        self._one = asyncio.Lock()

    async def plan_of(self, letter: KeptLetter, mended: bytes | None = None) -> Plan:
        return await self._history.ask(lambda reader: plan(reader, self.topics, [letter], mended), LOG_TIMEOUT_S)

    async def one(self, letter: KeptLetter, mended: bytes | None) -> Resubmitted | Skipped:
        """Raises Unavailable when Kafka does not take it."""
        async with self._one:
            planned = await self.plan_of(letter, mended)
            return planned.skipped[0] if planned.skipped else (await self._send(planned.ready))[0]

    async def all(
        self, asked: LettersAsked, dry_run: bool, before: int | None = None
    ) -> tuple[list[Resubmitted], list[Skipped], int | None]:
        """The newest LETTERS_MAX letters that are asked for, of those before an offset; and before which others are."""
        async with self._one:
            planned = await self._history.ask(lambda reader: self._plan_all(reader, asked, before), LOG_TIMEOUT_S)
            if dry_run:
                would = [Resubmitted(id=kept.letter.id, event_id=str(event)) for kept, event, _ in planned.ready]
                return would, planned.skipped, planned.next
            sent = await self._send(planned.ready)
            good = [one for one in sent if isinstance(one, Resubmitted)]
            bad = [one for one in sent if isinstance(one, Skipped)]
            return good, planned.skipped + bad, planned.next

    def _plan_all(self, reader: LogReader, asked: LettersAsked, before: int | None) -> Plan:
        scan, chosen = LetterScan(reader, self.topics.generation, self.topics.tenant_attribute), list[KeptLetter]()
        for kept in scan.find(asked, before):
            if kept.letter.stage == "session":
                continue
            if len(chosen) == LETTERS_MAX:
                return plan(reader, self.topics, chosen)._replace(next=kept.offset + 1)
            chosen.append(kept)
        return plan(reader, self.topics, chosen)._replace(next=scan.next)

    async def _send(self, ready: Sequence[tuple[KeptLetter, EventId, bytes]]) -> list[Resubmitted | Skipped]:
        done: list[Resubmitted | Skipped] = []
        for start in range(0, len(ready), PART):
            part = ready[start : start + PART]
            lines = ((number, event) for number, (_, _, event) in enumerate(part, start=1))
            try:
                said = EventsAnswer.model_validate(await self._door.take(lines))
            except Refusal as error:
                if not done:
                    raise
                done += [Skipped(id=kept.letter.id, why=error.message) for kept, _, _ in part]
                continue
            for (kept, _, _), answer in zip(part, said.events, strict=True):
                if answer.event_id is not None:
                    done.append(Resubmitted(id=kept.letter.id, event_id=answer.event_id))
                else:
                    why = answer.error.message if answer.error else "it was not taken"
                    done.append(Skipped(id=kept.letter.id, why=why))
        return done
