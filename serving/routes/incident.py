"""`/v1/timeline`, `/v1/answers`, `/v1/events`: what was, from the log; and answers made again, or packed to share."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import islice
from typing import TypeVar, cast, get_args

from aiohttp import web

from schemas.errors import InvalidRequest, Problem
from schemas.limits import EVENT_BYTES_MAX
from schemas.records import Outcome, OutcomeKind
from schemas.topics import topic_name
from serving.bodies import read_body
from serving.history import LogReader
from serving.incident.answers import AnswersAsked, Only, is_asked_for, logged
from serving.incident.events import EventsAsked, lines
from serving.incident.events import is_asked_for as is_event_asked_for
from serving.incident.model import AnswerLine, Answers, BundleAsked, Events, ReplayAsked, ReplayedAnswer, Timeline
from serving.incident.reading import InOrder, edges
from serving.incident.timeline import timeline
from serving.outcomes import read_outcome
from serving.parts import WIRING, Wiring
from serving.problems import parsed
from serving.routes.catalog import JSON
from serving.routes.route import Parameter, Route, answer_model
from serving.whole_numbers import whole_number
from streams.reader import LogRecord

T = TypeVar("T")

LOG_TIMEOUT_S = 20.0
SPAN_DEFAULT_MS = 3_600_000
TIME_MS_MAX = 10**15
PARTS_DEFAULT = 12
PARTS_MAX = 60
LIMIT_DEFAULT = 50
LIMIT_MAX = 200
LOOKED_THROUGH_MAX = 5_000
"""Records looked through for one page of a list."""
DIFFERENCES_MAX = 20
WORDS_CHARS_MAX = 200
CHUNK_BYTES = 256_000
BUNDLE_TYPE = "application/gzip"
BUNDLE_NAME = "incident.tar.gz"


async def get_timeline(request: web.Request) -> web.Response:
    """Each part from a sample of the log, read anew."""
    wiring = request.app[WIRING]
    begin_ms, end_ms = span_of(request, wiring.wall_ms())
    parts = whole_number("parts", request.query.get("parts", str(PARTS_DEFAULT)), 1, PARTS_MAX)
    times_ms = [begin_ms + (end_ms - begin_ms) * nth // parts for nth in range(parts + 1)]
    settings = wiring.settings

    def ask(reader: LogReader) -> Timeline:
        return Timeline(
            kept_from_ms=kept_from_ms(reader, settings.generation, settings.partitions),
            now_ms=wiring.wall_ms(),
            parts=timeline(reader, settings.generation, settings.partitions, times_ms),
        )

    return answer_model(await wiring.past.ask(ask, LOG_TIMEOUT_S))


def kept_from_ms(reader: LogReader, generation: int, partitions: int) -> int | None:
    topic = topic_name("served", generation)
    oldest = [reader.record_at(topic, partition, 0) for partition in range(partitions)]
    return min((one.timestamp_ms for one in oldest if one is not None), default=None)


async def get_answers(request: web.Request) -> web.Response:
    """Oldest first."""
    wiring = request.app[WIRING]
    only = request.query.get("only", "")
    if only not in get_args(Only):
        raise _wrong("only", f"must be one of {', '.join(filter(None, get_args(Only)))}")
    slower_ms = whole_number("slower_ms", request.query.get("slower_ms", "0"), 0, 10**9)
    asked = AnswersAsked(_words(request, "text"), cast(Only, only), slower_ms)
    spans, limit = span_of(request, wiring.wall_ms()), _limit(request)

    def ask(reader: LogReader) -> Answers:
        records = _records(reader, wiring, "served", spans, request.query.get("after", ""))
        found, looked_through = _first(records, limit, wanted)
        return Answers(answers=found, next=records.next, looked_through=looked_through)

    def wanted(record: LogRecord) -> AnswerLine | None:
        one = logged(record)
        return one.line if one is not None and is_asked_for(one, asked) else None

    return answer_model(await wiring.past.ask(ask, LOG_TIMEOUT_S))


async def get_events(request: web.Request) -> web.Response:
    """Oldest first. A correction by the encoder is an event of its own."""
    wiring = request.app[WIRING]
    asked = EventsAsked(request.query.get("sku", ""), request.query.get("outcome", ""))
    if asked.outcome and asked.outcome not in get_args(OutcomeKind):
        raise _wrong("outcome", f"must be one of {', '.join(get_args(OutcomeKind))}")
    spans, limit = span_of(request, wiring.wall_ms()), _limit(request)

    def ask(reader: LogReader) -> Events:
        records = _records(reader, wiring, "outcomes", spans, request.query.get("after", ""))
        found, looked_through = _first(records, limit, wanted)
        told = lines(reader, wiring.settings.generation, found)
        return Events(events=told, next=records.next, looked_through=looked_through)

    def wanted(record: LogRecord) -> tuple[Outcome, int] | None:
        outcome = read_outcome(record.value or b"")
        return (outcome, record.timestamp_ms) if outcome is not None and is_event_asked_for(outcome, asked) else None

    return answer_model(await wiring.past.ask(ask, LOG_TIMEOUT_S))


async def post_replay(request: web.Request) -> web.Response:
    """It is made in a process of its own, one at a time on a machine, and ended when whoever asked has gone. The
    answer comes when it is done, in seconds; after 300 s it is given up."""
    wiring = request.app[WIRING]
    asked = parsed(ReplayAsked, await read_body(request, EVENT_BYTES_MAX, (JSON,)))
    began_s = wiring.clock()
    question = {
        "do": "replay",
        "answer": {"request_id": request.match_info["id"], "at_ms": asked.at_ms},
        "set": asked.set,
        "sku": asked.sku,
    }
    async with wiring.beside.working(question, partial(has_gone, request)) as done:
        told = done.said
    differences = told["differences"]
    told |= {"differences": differences[:DIFFERENCES_MAX], "took_s": round(wiring.clock() - began_s, 3)}
    told |= {"more_differences": max(0, len(differences) - DIFFERENCES_MAX)}
    return answer_model(ReplayedAnswer.model_validate(told))


async def post_bundle(request: web.Request) -> web.StreamResponse:
    """A file for `freshet replay open`. Sessions have pseudonyms in it; queries and products are as they were."""
    beside = request.app[WIRING].beside
    asked = parsed(BundleAsked, await read_body(request, EVENT_BYTES_MAX, (JSON,)))
    question = {"do": "bundle", "answers": [one.model_dump() for one in asked.answers]}
    with ExitStack() as closing:
        async with beside.working(question, partial(has_gone, request)) as done:
            file = closing.enter_context((done.folder / done.said["file"]).open("rb"))  # it outlives its name
        headers = {"Content-Disposition": f'attachment; filename="{BUNDLE_NAME}"', "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        response.content_type, response.content_length = BUNDLE_TYPE, done.said["file_bytes"]
        await response.prepare(request)
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            await response.write(chunk)
        await response.write_eof()
    return response


def has_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def span_of(request: web.Request, now_ms: int) -> tuple[int, int]:
    """`from_ms` and `to_ms`; without them the last hour. Raises InvalidRequest."""
    end_ms = whole_number("to_ms", request.query.get("to_ms", str(now_ms)), 0, TIME_MS_MAX)
    begin = request.query.get("from_ms", str(max(0, end_ms - SPAN_DEFAULT_MS)))
    begin_ms = whole_number("from_ms", begin, 0, TIME_MS_MAX)
    if begin_ms >= end_ms:
        raise _wrong("from_ms", "must be before to_ms")
    return begin_ms, end_ms


def _records(reader: LogReader, wiring: Wiring, topic: str, span: tuple[int, int], after: str) -> InOrder:
    name = topic_name(topic, wiring.settings.generation)
    (offsets,) = edges(reader, name, wiring.settings.partitions, span)
    return InOrder(reader, name, offsets, after)


def _first(records: InOrder, limit: int, wanted: Callable[[LogRecord], T | None]) -> tuple[list[T], int]:
    """At most so many of those that are wanted, and how many records were looked through for them."""
    found, looked_through = list[T](), 0
    for record in islice(records, LOOKED_THROUGH_MAX):
        looked_through += 1
        if (one := wanted(record)) is not None:
            found.append(one)
            if len(found) == limit:
                break
    return found, looked_through


def _limit(request: web.Request) -> int:
    return whole_number("limit", request.query.get("limit", str(LIMIT_DEFAULT)), 1, LIMIT_MAX)


def _words(request: web.Request, name: str) -> str:
    words = request.query.get(name, "")
    if len(words) > WORDS_CHARS_MAX:
        raise _wrong(name, f"must have at most {WORDS_CHARS_MAX} characters")
    return words


def _wrong(name: str, how: str) -> InvalidRequest:
    return InvalidRequest("invalid_request", f"{name} {how}", (Problem(name, how),))


async def end_replays(app: web.Application) -> None:
    """Before the server waits for its requests to end."""
    app[WIRING].beside.close()


SPAN = (
    Parameter("from_ms", "query", "Begin, ms since 1970; an hour before the end", "integer"),
    Parameter("to_ms", "query", "End, ms since 1970; now", "integer"),
)
PAGE = (
    Parameter("limit", "query", f"At most so many; {LIMIT_DEFAULT}, at most {LIMIT_MAX}", "integer"),
    Parameter("after", "query", "`next` of the page before"),
)
ROUTES = (
    Route(
        "GET",
        "/v1/timeline",
        get_timeline,
        "How searches and events went in a span of time, part by part",
        Timeline,
        scope="admin",
        parameters=(
            *SPAN,
            Parameter("parts", "query", f"Parts of equal length; {PARTS_DEFAULT}, at most {PARTS_MAX}", "integer"),
        ),
        problems=(400, 503),
    ),
    Route(
        "GET",
        "/v1/answers",
        get_answers,
        "Answers that were given in a span of time",
        Answers,
        scope="admin",
        parameters=(
            *SPAN,
            Parameter("text", "query", "Only to queries that hold this, or the answer with this `request_id`"),
            Parameter("only", "query", "Only `zero`, `degraded` or `replayable` ones"),
            Parameter("slower_ms", "query", "Only those that took so long, or longer", "integer"),
            *PAGE,
        ),
        problems=(400, 503),
    ),
    Route(
        "GET",
        "/v1/events",
        get_events,
        "Events of the catalogue that were decided in a span of time",
        Events,
        scope="admin",
        parameters=(
            *SPAN,
            Parameter("sku", "query", "Only of this product"),
            Parameter("outcome", "query", "Only with this outcome"),
            *PAGE,
        ),
        problems=(400, 503),
    ),
    Route(
        "POST",
        "/v1/answers/{id}/replay",
        post_replay,
        "Make an answer again from the log and compare",
        ReplayedAnswer,
        scope="admin",
        request=(ReplayAsked,),
        parameters=(Parameter("id", "path", "`request_id` of the answer, also its header X-Request-Id"),),
        problems=(400, 404, 409, 413, 415, 503),
    ),
    Route(
        "POST",
        "/v1/answers/bundle",
        post_bundle,
        "Pack all that makes answers again elsewhere into a file",
        BUNDLE_TYPE,
        scope="admin",
        request=(BundleAsked,),
        problems=(400, 404, 409, 413, 415, 503),
    ),
)
