"""What Algolia's clients write: by a shop's indexer, never by a web page."""

from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from schemas.limits import EVENT_BYTES_MAX, REQUEST_BYTES_MAX
from schemas.records import EventId
from serving.instantsearch.batches import BATCH_MAX, events_of, written
from serving.instantsearch.bodies import objects_in, read_object
from serving.instantsearch.indexes import sort_of
from serving.instantsearch.models import INDEX, OBJECT, Batch, Model, Record, Saved, Taken, TaskStatus
from serving.instantsearch.tasks import NUMBER_MAX
from serving.keys.grant import GRANT
from serving.parts import WIRING, Wiring
from serving.problems import Refusal
from serving.routes.route import Handler, Parameter, Route, answer
from serving.whole_numbers import whole_number

WAIT_S: Final = 0.25
"""So long a question for a task's status waits that it is done."""
REFUSALS: Final = (400, 404, 503)
OF_BODIES: Final = (408, 413, 415)
Operation = dict[str, Any]


async def post_batch(request: web.Request) -> web.Response:
    """All of it is taken or, where one record is wrong, nothing."""
    wiring = _writing(request, request.match_info["index"])
    operations = objects_in(await read_object(request, REQUEST_BYTES_MAX), "requests", BATCH_MAX)
    task, skus = await _write(operations, wiring)
    return answer({"taskID": task, "objectIDs": skus})


async def post_batches(request: web.Request) -> web.Response:
    """Operations that name an index each; all indexes are one catalogue."""
    wiring = _writing(request)
    operations = objects_in(await read_object(request, REQUEST_BYTES_MAX), "requests", BATCH_MAX)
    for one in operations:
        sort_of(one.get("indexName"), request[GRANT], wiring)
    task, skus = await _write(operations, wiring)
    return answer({"taskID": {one["indexName"]: task for one in operations}, "objectIDs": skus})


async def post_object(request: web.Request) -> web.Response:
    """A record without an `objectID` is given one."""
    return await _one(request, "addObject", "createdAt", status=201)


async def put_object(request: web.Request) -> web.Response:
    return await _one(request, "updateObject", "updatedAt")


async def post_partial(request: web.Request) -> web.Response:
    """Attributes that are null are removed, others stay. A product that there is not becomes a dead letter, whatever
    `createIfNotExists` says."""
    return await _one(request, "partialUpdateObject", "updatedAt")


async def delete_object(request: web.Request) -> web.Response:
    wiring = _writing(request, request.match_info["index"])
    task, _ = await _write([{"action": "deleteObject", "body": _named(request)}], wiring)
    return answer({"taskID": task, "deletedAt": _now(wiring)})


async def get_task(request: web.Request) -> web.Response:
    """`published`: searches show it, or it changed nothing."""
    wiring = _writing(request, request.match_info["index"])
    number = whole_number("taskID", request.match_info["taskID"], 0, NUMBER_MAX)
    waiting = [one for one in wiring.tasks.events(number) if not wiring.outcomes.is_past(EventId.parse(one))]
    floors = await wiring.reading.reach(wiring.reading.read(waiting), WAIT_S)
    return answer({"status": "notPublished" if floors.late else "published", "pendingTask": bool(floors.late)})


def _writing(request: web.Request, index: str | None = None) -> Wiring:
    """Raises Refusal: 403 for a web page, and for an index that may not be asked."""
    wiring = request.app[WIRING]
    if "Origin" in request.headers:
        raise Refusal(403, "not_from_pages", "products are not written from web pages", hint="let a server write them")
    if index is not None:
        sort_of(index, request[GRANT], wiring)
    return wiring


async def _write(operations: list[Operation], wiring: Wiring) -> tuple[int, list[str]]:
    events = await events_of(operations, wiring)
    return await written(events, wiring), [event["sku"] for event in events]


async def _one(request: web.Request, action: str, when: str, status: int = 200) -> web.Response:
    wiring = _writing(request, request.match_info["index"])
    body = {**await read_object(request, EVENT_BYTES_MAX), **_named(request)}
    task, [sku] = await _write([{"action": action, "body": body}], wiring)
    return answer({"objectID": sku, "taskID": task, when: _now(wiring)}, status)


def _named(request: web.Request) -> dict[str, str]:
    return {"objectID": sku} if (sku := request.match_info.get("objectID")) else {}


def _now(wiring: Wiring) -> str:
    return datetime.fromtimestamp(wiring.wall_ms() / 1000, UTC).isoformat(timespec="milliseconds")


def _route(method: str, path: str, handler: Handler, summary: str, model: type[Model], status: int = 200) -> Route:
    named = tuple(one for one in (INDEX, OBJECT) if f"{{{one.name}}}" in path)
    takes = () if method == "DELETE" else (Batch if model is Taken else Record,)
    return Route(
        method,
        path,
        handler,
        summary,
        model,
        scope="ingest",
        status=status,
        request=takes,
        parameters=named,
        problems=REFUSALS + OF_BODIES if takes else REFUSALS,
    )


ROUTES = (
    _route("POST", "/1/indexes/*/batch", post_batches, "Write to several indexes", Taken),
    _route("POST", "/1/indexes/{index}/batch", post_batch, "Write products", Taken),
    _route("POST", "/1/indexes/{index}", post_object, "Write a product without an id", Saved, 201),
    _route("PUT", "/1/indexes/{index}/{objectID}", put_object, "Write a whole product", Saved),
    _route("POST", "/1/indexes/{index}/{objectID}/partial", post_partial, "Change some attributes", Saved),
    _route("DELETE", "/1/indexes/{index}/{objectID}", delete_object, "Delete a product", Saved),
    Route(
        "GET",
        "/1/indexes/{index}/task/{taskID}",
        get_task,
        "Whether searches show what was written",
        TaskStatus,
        scope="ingest",
        parameters=(INDEX, Parameter("taskID", "path", "As a write was answered", "integer")),
        problems=(400, 404),
    ),
)
