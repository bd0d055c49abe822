"""One trace from an event to what was made of it; what is written stays the same, with a trace or without."""

import json
from typing import Any

import pytest

from agents.catalog import decide_batch
from agents.embed import embed_batch
from agents.faults import Faults
from agents.topics import Topics
from agents.tracing import BatchTrace
from schemas.tracing import NOT_TRACED, Passing, carrying
from streams.reader import LogRecord
from streams.transactions import Outgoing
from tests.unit.agents.test_embed import Encoder, incoming
from tests.unit.tracing import PARENT, Remembering

TOPICS = Topics(1, 1)
EVENTS: tuple[dict[str, Any], ...] = (
    {"type": "upsert", "sku": "a", "title": "Lamp", "price": {"amount": 1, "currency": "EUR"}},
    {"type": "patch", "sku": "unknown", "title": "x"},
    {"type": "delete", "sku": "a"},
)


def decided(traceparent: bytes) -> tuple[list[LogRecord], list[Outgoing]]:
    records = [
        LogRecord("catalog", 0, offset, event["sku"].encode(), json.dumps(event).encode(), 1, traceparent)
        for offset, event in enumerate(EVENTS)
    ]
    return records, decide_batch(records, lambda sku: None, TOPICS, Faults("")).outgoing


def without_trace(records: list[Outgoing]) -> list[Outgoing]:
    return [record._replace(traceparent=b"") for record in records]


def test_all_that_is_made_of_an_event_goes_on_with_its_trace() -> None:
    _, outgoing = decided(PARENT)
    assert {record.topic for record in outgoing} == {"contents", "offers", "outcomes", "dead-letters"}
    assert {record.traceparent for record in outgoing} == {PARENT}


def test_keys_and_values_are_the_same_with_a_trace_and_without() -> None:
    assert without_trace(decided(PARENT)[1]) == decided(b"")[1]


def test_a_document_goes_on_with_the_trace_of_its_content_and_is_the_same() -> None:
    def made(traceparent: bytes) -> list[Outgoing]:
        records = [incoming(0, "a", "fine")._replace(traceparent=traceparent)]
        return embed_batch(records, Encoder(), TOPICS, Faults(""), lambda worked: None).outgoing

    assert [record.traceparent for record in made(PARENT)] == [PARENT]
    assert without_trace(made(PARENT)) == made(b"")


def test_a_batch_is_one_span_of_a_trace_and_what_it_writes_names_it() -> None:
    tracer, (records, outgoing) = Remembering(), decided(PARENT)
    trace = BatchTrace(tracer, "decide", records)
    (step,) = tracer.steps
    assert (step.name, step.parent, step.facts) == ("decide", PARENT, {"topic": "catalog", "partition": 0, "offset": 0})
    assert {record.traceparent for record in trace.named(outgoing)} == {step.traceparent}
    assert without_trace(list(trace.named(outgoing))) == without_trace(outgoing)
    assert not step.ended
    trace.end()
    assert step.ended


def test_records_without_a_trace_have_none() -> None:
    tracer, (records, outgoing) = Remembering(), decided(b"")
    assert BatchTrace(tracer, "decide", records).named(outgoing) is outgoing
    assert tracer.steps == [] and all(carrying(record.traceparent) == [] for record in outgoing)


@pytest.mark.parametrize(("tracer", "headers"), [(Passing(on=True), [("traceparent", PARENT)]), (NOT_TRACED, [])])
def test_without_spans_the_header_is_byte_equal(tracer: Passing, headers: list[tuple[str, bytes]]) -> None:
    records, outgoing = decided(PARENT if tracer.on else b"")
    assert carrying(BatchTrace(tracer, "decide", records).named(outgoing)[0].traceparent) == headers
