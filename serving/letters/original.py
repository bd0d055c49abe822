"""The event behind a dead letter, and what would be sent to repeat it."""

import orjson

from schemas.errors import FreshetError, InvalidEvent
from schemas.events import decode_event
from schemas.records import DeadLetter, EventId
from schemas.strict import parse_json
from schemas.topics import topic_name
from serving.history import LogReader
from serving.log_events import event_at


class CannotReplay(FreshetError):
    """Sending the original again would fail again, or the original is gone."""


def event_id_of(letter: DeadLetter, generation: int) -> EventId:
    """The catalogue event that the letter is about. Raises CannotReplay."""
    if letter.event_id:
        return EventId.parse(letter.event_id)
    if letter.topic == topic_name("catalog", generation):
        return EventId(generation, letter.partition, letter.offset)
    if letter.stage == "session":
        raise CannotReplay(f"{letter.id} is a click", hint="correct the storefront; a click is not sent again")
    raise CannotReplay(f"{letter.id} names no catalogue event", hint="change the product and send it again")


def original_event(letter: DeadLetter, log: LogReader, generation: int) -> bytes:
    """The merchant's bytes: in the letter, or in `catalog` when it is cut or a later stage failed.

    Raises CannotReplay.
    """
    value = letter.original()[1]
    if letter.topic == topic_name("catalog", generation) and len(value) == letter.value_bytes:
        return value
    event_id = event_id_of(letter, generation)
    record = event_at(log, event_id.generation, event_id)
    if record is None or record.value is None:
        topic = topic_name("catalog", event_id.generation)
        raise CannotReplay(
            f"{letter.id}: its event {event_id} is no longer kept in {topic}", hint="send the product again"
        )
    return record.value


def replay_event(letter: DeadLetter, event: bytes, event_id: EventId, sku: str) -> bytes:
    """The original, or what it was mended to, with `replay_of`, to be sent as a catalogue event. Pure.

    Raises CannotReplay.
    """
    try:
        read, _ = decode_event(event)
    except InvalidEvent as error:
        raise CannotReplay(
            f"{letter.id} ({letter.reason}) would be refused again: {error.message}",
            hint="correct it: freshet dlq fix, or at its source",
        ) from None
    if read.sku != sku:
        raise CannotReplay(
            f"{letter.id} is of the product {sku!r}, not of {read.sku!r}",
            hint="send another product's event by POST /v1/catalog",
        )
    data = parse_json(event)
    # What a later stage refused was accepted before: it stands for itself, also when it was a replay.
    refused = read.replay_of if letter.stage == "catalog" else None
    return orjson.dumps({**data, "replay_of": refused or str(event_id)})
