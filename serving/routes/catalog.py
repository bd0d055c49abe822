"""`/v1/catalog`: merchants' events go in."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from aiohttp import web

from schemas.errors import InvalidRequest, Problem
from schemas.events import Delete, Patch, Upsert
from schemas.limits import EVENT_BYTES_MAX, REQUEST_BYTES_MAX, VERSION_MAX
from schemas.strict import parse_json
from serving.bodies import read_body
from serving.door import EventsAnswer
from serving.json_parts import json_parts, ndjson_parts
from serving.parts import WIRING
from serving.routes.route import Parameter, Route, answer
from serving.whole_numbers import whole_number

JSON = "application/json"
NDJSON = "application/x-ndjson"
MERGE_PATCH = "application/merge-patch+json"
SKU = Parameter("sku", "path", "The product's SKU, percent-encoded")
VERSION = Parameter("version", "query", "The merchant's version of this change", "integer")
REFUSALS = (400, 408, 413, 415, 503)


async def post_events(request: web.Request) -> web.Response:
    """One event, a list, `{"events": [...]}`, or one per line of NDJSON."""
    return await _take(request, (JSON, NDJSON), cut_by(request.content_type))


async def patch_product(request: web.Request) -> web.Response:
    """The body holds the fields to change (RFC 7386); type and sku are added to the bytes as they came."""
    sku = request.match_info["sku"]
    return await _take(request, (JSON, MERGE_PATCH), lambda body: [(1, completed(body, "patch", sku))])


async def delete_product(request: web.Request) -> web.Response:
    """A version may stand in the query or in a JSON body."""
    sku = request.match_info["sku"]
    if request.query.get("version") is not None:
        version = whole_number("version", request.query["version"], 0, VERSION_MAX)
        event = {"type": "delete", "sku": sku, "version": version}
        return await _take(request, None, lambda _: [(1, orjson.dumps(event))])
    return await _take(
        request, (JSON,) if request.can_read_body else None, lambda body: [(1, completed(body or b"{}", "delete", sku))]
    )


def cut_by(content_type: str) -> Callable[[bytes], Iterable[tuple[int, bytes]]]:
    """How a body of this kind comes apart into (line, event)."""
    return ndjson_parts if content_type == NDJSON else json_parts


async def _take(request: web.Request, content_types: tuple[str, ...] | None, cut: Any) -> web.Response:
    door = request.app[WIRING].door
    with door.gate.inside():
        single = request.method != "POST"
        bytes_max = EVENT_BYTES_MAX if single else REQUEST_BYTES_MAX
        body = await read_body(request, bytes_max, content_types) if content_types else b""
        parts: Iterable[tuple[int, bytes]] = cut(body)
        return answer(await door.take(parts), 202)


def completed(body: bytes, kind: str, sku: str) -> bytes:
    """The merchant's object with `type` and `sku` put in front, all other bytes unchanged. Raises InvalidEvent."""
    data = parse_json(body)
    if not isinstance(data, dict):
        raise InvalidRequest("not_an_object", "the body must be a JSON object with the fields to change")
    stated = {"type": kind, "sku": sku}
    for name, value in stated.items():
        if name in data and data[name] != value:
            raise InvalidRequest(
                "path_mismatch",
                f"{name} is {data[name]!r} in the body and {value!r} by the address",
                (Problem(name, "does not agree with the address"),),
            )
    missing = {name: value for name, value in stated.items() if name not in data}
    rest = body.strip()[1:]
    if not missing:
        return body.strip()
    return orjson.dumps(missing)[:-1] + (b"," if data else b"") + rest


ROUTES = (
    Route(
        "POST",
        "/v1/catalog",
        post_events,
        "Send catalogue events",
        EventsAnswer,
        scope="ingest",
        status=202,
        request=(Upsert, Patch, Delete),
        request_types=(JSON, NDJSON),
        problems=REFUSALS,
    ),
    Route(
        "PATCH",
        "/v1/catalog/{sku}",
        patch_product,
        "Change some fields of a product",
        EventsAnswer,
        scope="ingest",
        status=202,
        request=(Patch,),
        request_types=(JSON, MERGE_PATCH),
        parameters=(SKU,),
        problems=REFUSALS,
    ),
    Route(
        "DELETE",
        "/v1/catalog/{sku}",
        delete_product,
        "Delete a product",
        EventsAnswer,
        scope="ingest",
        status=202,
        parameters=(SKU, VERSION),
        problems=REFUSALS,
    ),
)
