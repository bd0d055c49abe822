"""A dead letter from a record and the reason why it could not be processed."""

import base64
from typing import Literal

from agents.topics import Topics
from schemas.errors import InvalidEvent
from schemas.limits import DEAD_LETTER_KEY_BYTES_MAX, DEAD_LETTER_VALUE_BYTES_MAX
from schemas.metrics import Metrics
from schemas.reasons import REASONS
from schemas.records import DeadLetter, EventId
from streams.reader import LogRecord
from streams.transactions import Outgoing

PARTITION = 0
Stage = Literal["catalog", "embed", "shard", "session"]


def dead_letter(
    record: LogRecord,
    event_id: EventId | None,
    invalid: InvalidEvent,
    stage: Stage,
    topics: Topics,
) -> Outgoing:
    """The record to write. `event_id` None: the record does not tell which event it came from."""
    key, value = record.key or b"", record.value or b""
    letter = DeadLetter(
        id=f"{record.topic}-{record.partition}-{record.offset}",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=base64.b64encode(key[:DEAD_LETTER_KEY_BYTES_MAX]).decode(),
        value=base64.b64encode(value[:DEAD_LETTER_VALUE_BYTES_MAX]).decode(),
        value_bytes=len(value),
        reason=invalid.reason,
        message=invalid.message,
        problems=[list(problem) for problem in invalid.problems],
        who=REASONS[invalid.reason].who,
        stage=stage,
        event_id=str(event_id) if event_id else "",
        sku=invalid.sku,
        received_ms=record.timestamp_ms,
    )
    return Outgoing(
        topics.name("dead-letters"), PARTITION, key[:DEAD_LETTER_KEY_BYTES_MAX], letter.encode(), record.traceparent
    )


def count_from_zero(metrics: Metrics, stage: Stage) -> None:
    """Prometheus sees no increase in a series that begins with its first dead letter, and an alert would miss it."""
    for reason in REASONS:
        metrics.counter("freshet_dead_letters_total").labels(stage, reason)
