"""`GET /v1/stuck`: products whose newest event was received and is not shown, by reason."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby, islice

from aiohttp import web

from schemas.records import EventId
from schemas.topics import topic_name
from serving.history import LogReader
from serving.journey.event_said import wanted
from serving.log_events import events_at
from serving.parts import WIRING
from serving.problems import Refusal
from serving.routes.route import Parameter, Route, answer_model
from serving.stuck.found import StuckOne
from serving.stuck.model import Stuck, StuckGroup, StuckProduct
from serving.stuck.stuck import LOG_TIMEOUT_S, StuckFound
from serving.stuck.words import words
from serving.whole_numbers import whole_number

LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000


async def get_stuck(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    limit = whole_number("limit", request.query.get("limit", str(LIMIT_DEFAULT)), 1, LIMIT_MAX)
    reason, after = request.query.get("reason", ""), _after(request.query.get("after", ""))
    found = await wiring.stuck.find()
    wanted_ones = (one for one in found.products if reason in ("", one.reason, one.code) and (one[:2] > after))
    page = list(islice(wanted_ones, limit + 1))
    refused = [one for one in page[:limit] if one.reason == "dead-lettered"]
    fields = await wiring.ledger.ask(partial(fields_of, wiring.settings.generation, refused), LOG_TIMEOUT_S)
    return answer_model(
        Stuck(
            at_ms=wiring.wall_ms(),
            total=len(found.products),
            reasons=groups(found),
            products=[_product(one, fields.get(one.event, [])) for one in page[:limit]],
            next=f"{page[limit - 1].since_ms}:{page[limit - 1].sku}" if len(page) > limit else None,
            unread=found.unread,
            complete=found.complete,
            degraded=found.degraded,
        )
    )


def groups(found: StuckFound) -> list[StuckGroup]:
    """Most products first."""
    keys = sorted(found.counts, key=lambda key: (-found.counts[key], key))
    return [
        StuckGroup(
            reason=reason,
            code=code,
            count=found.counts[reason, code],
            oldest_ms=found.oldest_ms[reason, code],
            says=words(reason, code)[0],
            do=words(reason, code)[1],
        )
        for reason, code in keys
    ]


def fields_of(generation: int, refused: Sequence[StuckOne], reader: LogReader) -> dict[str, list[str]]:
    """What is wrong in each refused event, by its id. Blocking. Raises Unavailable."""
    found: dict[str, list[str]] = {}
    topic = topic_name("catalog", generation)
    for partition, ones in groupby(sorted(refused, key=lambda one: one.partition), key=lambda one: one.partition):
        events = {EventId.parse(one.event).offset: one.event for one in ones}
        for offset, record in events_at(reader, topic, partition, events).items():
            found[events[offset]] = [problem.field for problem in wanted(record).problems if problem.field]
    return found


def _product(one: StuckOne, fields: Iterable[str]) -> StuckProduct:
    return StuckProduct(
        sku=one.sku,
        partition=one.partition,
        reason=one.reason,
        code=one.code,
        event=one.event,
        since_ms=one.since_ms,
        fields=list(fields),
    )


def _after(text: str) -> tuple[int, str]:
    """As `next` said it. Raises Refusal."""
    if not text:
        return -1, ""
    since_ms, colon, sku = text.partition(":")
    if not (colon and since_ms.isascii() and since_ms.isdigit() and len(since_ms) < 20):
        raise Refusal(400, "invalid_request", f"after {text[:50]!r} is not what `next` of an answer said")
    return int(since_ms), sku


ROUTES = (
    Route(
        "GET",
        "/v1/stuck",
        get_stuck,
        "Products whose newest event was received and is not shown, by reason",
        Stuck,
        scope="ingest",
        parameters=(
            Parameter("reason", "query", "Only of this reason, or this code of a dead letter; counts are of all"),
            Parameter("limit", "query", f"Most products; {LIMIT_DEFAULT}, at most {LIMIT_MAX}", "integer"),
            Parameter("after", "query", "`next` of the page before"),
        ),
        problems=(400, 503),
    ),
)
