"""`GET /v1/events/{id}`: what became of one event, why, and when each step was done."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from schemas.errors import FreshetError, Unavailable
from schemas.reasons import REASONS
from schemas.records import EventId, OutcomeKind
from schemas.topics import topic_name
from serving.event_steps import is_searchable, searchable_ms, waiting_for
from serving.history import LogReader
from serving.outcome_lookup import Looked, may_be_corrected, outcome_of
from serving.outcomes import Decided
from serving.parts import WIRING, Wiring
from serving.problems import Refusal
from serving.read_floor import is_shown, tokens_of
from serving.routes.route import Parameter, Route, answer_model
from streams.reader import LogRecord

LOG_TIMEOUT_S = 15.0
SHARD_TIMEOUT_S = 1.0


class Steps(BaseModel):
    """When each step was done, ms since 1970; null when it is not done, not needed, or too long ago to know."""

    received_ms: int | None = None
    decided_ms: int | None = None
    embedded_ms: int | None = None
    searchable_ms: int | None = None


class EventStatus(BaseModel):
    """What became of the event, and when."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    sku: str
    outcome: OutcomeKind | None
    waiting: Literal["decide", "embed", "apply"] | None
    """What is still to come; null when all is done."""
    searchable: bool | None
    """Whether the storefront sees this change or a newer one; null when the shard is away or nothing changes."""
    reason: str = ""
    """Code of docs/events.md, for a dead-lettered event."""
    meaning: str = ""
    who: Literal["merchant", "operator", ""] = ""
    """Who must act."""
    steps: Steps
    read_token: str | None = None
    """Once it is searchable: given as `at_least`, it makes every later answer show this change or a newer one."""
    corrections_searched: bool = True
    """False when a later correction by the encoder may exist beyond the records that were searched."""
    degraded: list[str] = []


async def get_event(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    event_id = _parse(request.match_info["id"], wiring)
    decided = wiring.outcomes.get(event_id)
    known = decided or wiring.outcomes.is_ahead(event_id)
    looked = Looked(decided, True) if known else await _from_log(event_id, wiring)
    if looked.decided is None:
        return answer_model(await _undecided(event_id, wiring))
    return answer_model(await _status(event_id, looked.decided, looked.complete, wiring))


def _parse(text: str, wiring: Wiring) -> EventId:
    try:
        event_id = EventId.parse(text)
    except ValueError as error:
        raise Refusal(400, "invalid_event_id", str(error)) from None
    settings = wiring.settings
    if event_id.generation != settings.generation or event_id.partition >= settings.partitions:
        raise Refusal(
            404,
            "unknown_event",
            f"there is no event {event_id}: this is generation {settings.generation} "
            f"with partitions 0 to {settings.partitions - 1}",
        )
    return event_id


async def _from_log(event_id: EventId, wiring: Wiring) -> Looked:
    topic = topic_name("outcomes", event_id.generation)
    return await wiring.history.ask(lambda reader: outcome_of(reader, topic, event_id), LOG_TIMEOUT_S)


async def _undecided(event_id: EventId, wiring: Wiring) -> EventStatus:
    topic = topic_name("catalog", event_id.generation)
    record = await wiring.history.ask(lambda reader: catalog_record(reader, topic, event_id), LOG_TIMEOUT_S)
    return EventStatus(
        id=str(event_id),
        sku=(record.key or b"").decode(errors="replace"),
        outcome=None,
        waiting="decide",
        searchable=False,
        steps=Steps(received_ms=record.timestamp_ms),
    )


def catalog_record(reader: LogReader, topic: str, event_id: EventId) -> LogRecord:
    """The event as it stands in the log. Raises Refusal 404 beyond the log's end, 410 before what is kept."""
    begin, end = reader.begin_end(topic, event_id.partition)
    if event_id.offset < begin:
        raise Refusal(410, "event_gone", f"event {event_id} is older than what the log keeps (from offset {begin})")
    record = reader.record_at(topic, event_id.partition, event_id.offset) if event_id.offset < end else None
    if record is None or record.offset != event_id.offset:
        raise Refusal(404, "unknown_event", f"there is no event {event_id}: the log ends at offset {end}")
    return record


async def _status(event_id: EventId, decided: Decided, complete: bool, wiring: Wiring) -> EventStatus:
    outcome = decided.outcome
    seen, state, degraded = None, None, []
    if outcome.outcome in ("indexed", "deleted"):
        try:
            asked = [(outcome.sku, event_id.order)]
            answer = await wiring.shards.seen(event_id.partition, asked, SHARD_TIMEOUT_S)
            [seen], state = answer.seen, answer.state
        except FreshetError as error:
            if not isinstance(error, Unavailable):
                raise
            degraded = [f"shard-{event_id.partition}"]
    reason = REASONS.get(outcome.reason)
    searchable = is_searchable(event_id, outcome, seen) if seen else None
    shown = seen is not None and is_shown(event_id, outcome, seen)
    read_token = tokens_of([state], event_id.generation)[0] if state and shown else None
    return EventStatus(
        id=str(event_id),
        sku=outcome.sku,
        outcome=outcome.outcome,
        waiting=waiting_for(outcome, seen) if seen and not searchable else None,
        searchable=searchable,
        reason=outcome.reason,
        meaning=reason.meaning if reason else "",
        who=reason.who if reason else "",
        steps=Steps(
            received_ms=outcome.received_ms,
            decided_ms=decided.decided_ms,
            embedded_ms=seen.embedded_ms if seen and may_be_corrected(outcome) else None,
            searchable_ms=searchable_ms(outcome, seen) if seen else None,
        ),
        read_token=read_token,
        corrections_searched=complete,
        degraded=degraded,
    )


ROUTES = (
    Route(
        "GET",
        "/v1/events/{id}",
        get_event,
        "What became of an event",
        EventStatus,
        scope="ingest",
        parameters=(Parameter("id", "path", "generation-partition-offset, as /v1/catalog answered"),),
        problems=(400, 404, 410, 503),
    ),
)
