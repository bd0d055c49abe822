"""What one request of an indexer asks to be written, taken as a whole or not at all."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from schemas.errors import InvalidRequest
from serving.door import TURN_EVENTS
from serving.instantsearch.writing import Event, Writer, wrong
from serving.parts import Wiring
from serving.problems import Refusal, retry_after

BATCH_MAX: Final = 10_000
"""Operations of one request."""


def writer_of(wiring: Wiring) -> Writer:
    return Writer(wiring.fields, wiring.settings.instantsearch_currency)


async def events_of(operations: Sequence[Mapping[str, Any]], wiring: Wiring) -> list[Event]:
    """Raises InvalidRequest that names the record that is wrong."""
    writer, events = writer_of(wiring), []
    for turn, one in enumerate(operations, 1):
        events.append(event_of(one, writer, wiring.new_request_id))
        if turn % TURN_EVENTS == 0:
            await asyncio.sleep(0)
    return events


def event_of(operation: Mapping[str, Any], writer: Writer, new_id: Callable[[], str]) -> Event:
    body = operation.get("body") or {}
    if not isinstance(body, dict):
        raise InvalidRequest("invalid_request", "body: must be an object")
    match operation.get("action"):
        case "addObject" | "updateObject":
            return writer.upsert(sku_of(body) or new_id(), body)
        case "partialUpdateObject" | "partialUpdateObjectNoCreate":
            return writer.patch(needed(body), body)
        case "deleteObject":
            return writer.delete(needed(body))
        case action:
            raise InvalidRequest("invalid_request", f"action: {action!r} is not supported: send objects one by one")


def sku_of(record: Mapping[str, Any]) -> str:
    """Numbers are taken as texts; empty: there is none."""
    stated = record.get("objectID")
    if stated is None or isinstance(stated, str):
        return stated or ""
    if isinstance(stated, int) and not isinstance(stated, bool):
        return str(stated)
    raise wrong("", f"objectID: {stated!r} is neither a text nor a whole number")


def needed(record: Mapping[str, Any]) -> str:
    found = sku_of(record)
    if not found:
        raise wrong("", "objectID is missing")
    return found


async def written(events: Sequence[Event], wiring: Wiring) -> int:
    """The number of the task; 0: there was nothing to do. Raises Refusal when Kafka did not take all of them."""
    if not events:
        return 0
    with wiring.door.gate.inside():
        answer = await wiring.door.take(_numbered(events))
    missing = [one for one in answer["events"] if "error" in one]
    if missing:
        raise Refusal(
            503,
            "unavailable",
            f"{len(missing)} of {len(events)} were not taken: {missing[0]['error']['message']}",
            hint="send all of it again: what was taken does not change by that",
            headers=retry_after(1),
        )
    return wiring.tasks.begun([one["event_id"] for one in answer["events"]])


def _numbered(events: Sequence[Event]) -> Iterator[tuple[int, bytes]]:
    return ((number, orjson.dumps(event)) for number, event in enumerate(events, 1))
