"""Dead letters: reads them, and makes of each the event that sends its original again."""

from collections.abc import Callable, Iterator
from typing import Protocol

import orjson

from schemas.errors import FreshetError, InvalidEvent
from schemas.events import decode_event
from schemas.records import DeadLetter, EventId, decode
from schemas.strict import parse_json
from schemas.topics import topic_name
from streams.reader import LogRecord


class Log(Protocol):
    """The reader of `streams`. Blocking."""

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]: ...

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]: ...

    def record_at(self, topic: str, partition: int, offset: int) -> LogRecord | None: ...


class CannotReplay(FreshetError):
    """Sending the original again would fail again, or the original is gone."""


def read_letters(
    log: Log, generation: int, reason: str = "", unreadable: Callable[[LogRecord], None] = lambda _: None
) -> Iterator[DeadLetter]:
    """All that are kept, oldest first, copies with the same id as one; `unreadable` hears of the others."""
    topic = topic_name("dead-letters", generation)
    begin, end = log.begin_end(topic, 0)
    seen: set[str] = set()
    for records in log.read(topic, 0, begin, end):
        for record in records:
            try:
                letter = decode(DeadLetter, record.value or b"")
            except InvalidEvent:
                unreadable(record)
                continue
            if letter.id not in seen and (not reason or letter.reason == reason):
                seen.add(letter.id)
                yield letter


def find_letter(log: Log, generation: int, letter_id: str) -> DeadLetter:
    """By its id, or by the id of its event. Raises FreshetError when there is none."""
    for letter in read_letters(log, generation):
        if letter_id in (letter.id, letter.event_id):
            return letter
    raise FreshetError(f"there is no dead letter {letter_id!r}", hint="freshet dlq ls shows those that are kept")


def event_id_of(letter: DeadLetter, generation: int) -> EventId:
    """The catalogue event that the letter is about. Raises CannotReplay."""
    if letter.event_id:
        return EventId.parse(letter.event_id)
    if letter.topic == topic_name("catalog", generation):
        return EventId(generation, letter.partition, letter.offset)
    if letter.stage == "session":
        raise CannotReplay(f"{letter.id} is a click", hint="correct the storefront; a click is not sent again")
    raise CannotReplay(f"{letter.id} names no catalogue event", hint="change the product and send it again")


def original_event(letter: DeadLetter, log: Log, generation: int) -> bytes:
    """The merchant's bytes: in the letter, or in `catalog` when it is cut or a later stage failed.

    Raises CannotReplay.
    """
    value = letter.original()[1]
    if letter.topic == topic_name("catalog", generation) and len(value) == letter.value_bytes:
        return value
    event_id = event_id_of(letter, generation)
    topic = topic_name("catalog", event_id.generation)
    begin, _ = log.begin_end(topic, event_id.partition)
    record = log.record_at(topic, event_id.partition, event_id.offset) if event_id.offset >= begin else None
    if record is None or record.offset != event_id.offset or record.value is None:
        raise CannotReplay(
            f"{letter.id}: its event {event_id} is no longer kept in {topic}", hint="send the product again"
        )
    return record.value


def replay_event(letter: DeadLetter, original: bytes, event_id: EventId) -> bytes:
    """The original with `replay_of`, to be sent as a catalogue event. Pure. Raises CannotReplay."""
    try:
        event, _ = decode_event(original)
    except InvalidEvent as error:
        raise CannotReplay(
            f"{letter.id} ({letter.reason}) would be refused again: {error.message}",
            hint="correct the product at its source and send it again",
        ) from None
    data = parse_json(original)
    # What a later stage refused was accepted before: it stands for itself, also when it was a replay.
    refused = event.replay_of if letter.stage == "catalog" else None
    return orjson.dumps({**data, "replay_of": refused or str(event_id)})
