"""A dead letter fits into a record, whatever the event was: one that does not would stop the worker for ever."""

import json
from typing import Any

import pytest

from agents.catalog import decide_batch
from agents.faults import Faults
from agents.topics import Topics
from schemas.errors import InvalidEvent, Problem
from schemas.limits import ERROR_TEXT_CHARS_MAX, EVENT_BYTES_MAX, PROBLEMS_MAX, SKU_CHARS_MAX
from schemas.records import DeadLetter, decode
from schemas.topics import RECORD_BYTES_MAX
from streams.reader import LogRecord

ASTRAL = "\U0010ffff" * (EVENT_BYTES_MAX // 4 - 100)
"""Four bytes each, and eleven when they are quoted in a message as JSON."""


def event(**fields: Any) -> bytes:
    return json.dumps({"type": "upsert", "sku": "P", "title": "x", **fields}, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        pytest.param(b"\xff" * (RECORD_BYTES_MAX - 1_000), event(), "key_mismatch", id="a key of 4 MB"),
        pytest.param(b"P", b"\xff" * RECORD_BYTES_MAX, "too_large", id="a value of 4 MB"),
        pytest.param(b"P", event(type=ASTRAL), "unknown_type", id="a long type"),
        pytest.param(b"P", event(schema_version=ASTRAL), "unknown_schema_version", id="a long schema version"),
        pytest.param(b"P", event(sku=ASTRAL), "invalid_field", id="a long SKU"),
        pytest.param(b"P", event(attributes={ASTRAL: None}), "invalid_field", id="a long attribute name"),
        pytest.param(
            b"P", event(type="delete", **{f"{i}": 0 for i in range(70_000)}), "invalid_field", id="many fields"
        ),
    ],
)
def test_it_fits_into_a_record(key: bytes, value: bytes, reason: str) -> None:
    record = LogRecord("catalog", 0, 0, key, value, 1)
    decided = decide_batch([record], lambda sku: None, Topics(1, 1), Faults())
    assert decided.reasons == [reason]
    assert sum(len(outgoing.key) + len(outgoing.value or b"") for outgoing in decided.outgoing) < RECORD_BYTES_MAX
    letter = decode(DeadLetter, decided.outgoing[0].value or b"")
    assert letter.value_bytes == len(value)


@pytest.mark.parametrize("over", [0, 1])
def test_what_is_said_of_an_event_is_bounded(over: int) -> None:
    text, problem = "m" * (ERROR_TEXT_CHARS_MAX + over), Problem("f" * (ERROR_TEXT_CHARS_MAX + over), "p")
    invalid = InvalidEvent("unexpected", text, (problem,) * (PROBLEMS_MAX + over), sku="s" * (SKU_CHARS_MAX + over))
    assert (len(invalid.message), invalid.message == text) == (ERROR_TEXT_CHARS_MAX, not over)
    assert (len(invalid.problems[0].field), invalid.problems[0] == problem) == (ERROR_TEXT_CHARS_MAX, not over)
    assert len(invalid.problems) == PROBLEMS_MAX
    assert len(invalid.sku) == SKU_CHARS_MAX
