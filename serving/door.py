"""The door for events: checks each, hands it to Kafka as it was written, and says exactly what Kafka took."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from schemas.clicks import decode_click
from schemas.errors import InvalidEvent, Overloaded, Problem, Unavailable
from schemas.events import decode_event
from schemas.limits import CLICKS_PER_REQUEST_MAX, EVENTS_PER_REQUEST_MAX
from schemas.metrics import Metrics
from schemas.records import EventId
from serving.gate import Gate
from serving.problems import FieldProblem, Refusal, fields, retry_after
from streams.producer import Position, Sender

TURN_EVENTS = 32
"""Events checked (about 2 ms) before other requests get their turn."""
TURN_ANSWERS = 1_000
REQUESTS_MAX = 64
"""Requests at the door at once; one more is told to come back."""
NOT_TAKEN = "not_taken"
RESULTS = ("accepted", "rejected", "held_back", "not_taken")
"""As they are counted. `held_back`: the queue to Kafka is full, who sends is told to come back."""


class EventError(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    code: str
    """A reason of docs/events.md, or `not_taken`: Kafka did not acknowledge it, send it again."""
    message: str
    problems: list[FieldProblem] = []


class EventAnswer(BaseModel):
    """One event of a request: its id, or why it was not taken."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    line: int
    """From 1: the line of NDJSON, the position in a list."""
    event_id: str | None = None
    error: EventError | None = None


class EventsAnswer(BaseModel):
    """Kafka has every event that has an id."""

    accepted: int
    rejected: int
    events: list[EventAnswer]


@dataclass
class Taking:
    """One request on its way: futures of what was sent, errors of what was not."""

    sent: dict[int, "asyncio.Future[Position]"] = field(default_factory=dict)
    errors: dict[int, dict[str, Any]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    stopped: Unavailable | None = None

    def refuse(self, line: int, code: str, message: str, problems: tuple[Problem, ...] = ()) -> None:
        self.errors[line] = {"code": code, "message": message, "problems": fields(problems)}


@dataclass(frozen=True)
class Kind:
    """What comes in by a door."""

    plural: str
    key: Callable[[bytes], bytes]
    """Checks one event and gives the key of its record. Raises InvalidEvent."""
    per_request_max: int
    counted: str
    """Metric with the label `result`."""


CATALOG = Kind(
    "events",
    lambda value: decode_event(value)[0].sku.encode(),
    EVENTS_PER_REQUEST_MAX,
    "freshet_ingest_events_total",
)
CLICKS = Kind(
    "clicks",
    lambda value: decode_click(value).session.encode(),
    CLICKS_PER_REQUEST_MAX,
    "freshet_ingest_clicks_total",
)


class Door:
    """Takes events of one kind for the topic of one generation."""

    def __init__(self, kind: Kind, producer: Sender, topic: str, generation: int, metrics: Metrics) -> None:
        self._kind = kind
        self._producer = producer
        self._topic = topic
        self._generation = generation
        self._count = metrics.counter(kind.counted)
        for result in RESULTS:
            self._count.labels(result=result)  # an alert does not see the rise of a series that was not there
        self.gate = Gate(f"requests with {kind.plural}", REQUESTS_MAX)

    async def take(self, parts: Iterable[tuple[int, bytes]]) -> dict[str, Any]:
        """The body of the 202 answer. Raises Refusal (400, 413), or 429 and 503 when Kafka took none."""
        taking = Taking()
        events = await self._all(parts)
        for turn, (line, value) in enumerate(events):
            if turn % TURN_EVENTS == TURN_EVENTS - 1:
                await asyncio.sleep(0)
            self._send(taking, line, value)
        await self._wait(taking)
        return self._answer(taking)

    async def _all(self, parts: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Cuts the whole request before anything is sent: a broken one must not be taken by half."""
        events: list[tuple[int, bytes]] = []
        for part in parts:
            events.append(part)
            if len(events) > self._kind.per_request_max:
                raise Refusal(
                    413,
                    "too_many_events",
                    f"more than {self._kind.per_request_max:,} {self._kind.plural} in one request",
                    hint="split it into several requests",
                )
            if len(events) % TURN_EVENTS == 0:
                await asyncio.sleep(0)
        if not events:
            raise Refusal(400, "no_events", "the request holds no event")
        return events

    def _send(self, taking: Taking, line: int, value: bytes) -> None:
        taking.lines.append(line)
        try:
            key = self._kind.key(value)
        except InvalidEvent as error:
            taking.refuse(line, error.reason, error.message, error.problems)
            return
        if taking.stopped:  # a later event of the same key must not overtake one that was not taken
            taking.refuse(line, NOT_TAKEN, taking.stopped.message)
            return
        try:
            taking.sent[line] = self._producer.send(self._topic, key, value)
        except Unavailable as error:
            taking.stopped = error
            taking.refuse(line, NOT_TAKEN, error.message)

    async def _wait(self, taking: Taking) -> None:
        for turn, (line, future) in enumerate(list(taking.sent.items())):
            if turn % TURN_ANSWERS == TURN_ANSWERS - 1:
                await asyncio.sleep(0)
            try:
                await future
            except Unavailable as error:
                del taking.sent[line]
                taking.stopped = taking.stopped or error
                taking.refuse(line, NOT_TAKEN, f"{error.message}; it may still arrive: give events a version")

    def _answer(self, taking: Taking) -> dict[str, Any]:
        not_taken = sum(error["code"] == NOT_TAKEN for error in taking.errors.values())
        self._count.labels(result="accepted").inc(len(taking.sent))
        full = isinstance(taking.stopped, Overloaded)
        self._count.labels(result="held_back" if full else "not_taken").inc(not_taken)
        self._count.labels(result="rejected").inc(len(taking.errors) - not_taken)
        events = [self._line(taking, line) for line in taking.lines]
        if taking.sent:
            return {"accepted": len(taking.sent), "rejected": len(taking.errors), "events": events}
        if taking.stopped is None:
            raise Refusal(400, *_all_bad(taking), facts={"events": events})
        wait_s = taking.stopped.retry_after_s if isinstance(taking.stopped, Overloaded) else 1.0
        raise Refusal(
            429 if full else 503,
            "overloaded" if full else "unavailable",
            f"no event was taken: {taking.stopped.message}",
            hint="send the request again later",
            facts={"events": events},
            headers=retry_after(wait_s),
        )

    def _line(self, taking: Taking, line: int) -> dict[str, Any]:
        if line in taking.errors:
            return {"line": line, "error": taking.errors[line]}
        at = taking.sent[line].result()
        return {"line": line, "event_id": str(EventId(self._generation, at.partition, at.offset))}


def _all_bad(taking: Taking) -> tuple[str, str]:
    """Code and sentence: one event speaks for itself, of many the lines do."""
    if len(taking.errors) == 1:
        error = next(iter(taking.errors.values()))
        return error["code"], error["message"]
    return "all_events_invalid", f"none of the {len(taking.errors):,} events is valid; `events` says why"
