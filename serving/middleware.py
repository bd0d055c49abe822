"""What every request goes through, outermost first: observed, errors explained, let in; headers at the end."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web

from schemas.errors import FreshetError
from schemas.limits import REQUEST_ID_CHARS_MAX
from serving.compressing import compressed
from serving.cross_origin import CHANGES, cross_origin, refuse_other_sites
from serving.instantsearch.speaking import spoken
from serving.keys.grant import GRANT, Need
from serving.parts import REQUEST_ID, WIRING, Wiring
from serving.problems import explain, problem, retry_after
from serving.routes.route import Route

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ID_HEADER = "X-Request-Id"
SAFE_ID = re.compile(rf"[A-Za-z0-9._-]{{1,{REQUEST_ID_CHARS_MAX}}}")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Content-Security-Policy of every answer that is not the page."""
UNLESS_SET = {**HEADERS, "Content-Security-Policy": NOTHING_RUNS, "Cache-Control": "no-store"}
"""Of every answer that does not say otherwise."""
NEEDS = web.AppKey("needs", Mapping[tuple[str, str], Need])
"""What each route, (method, path), asks of a caller."""


@web.middleware
async def observed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives the request its id, counts and times it."""
    wiring = request.app[WIRING]
    started_s = wiring.clock()
    request[REQUEST_ID] = _request_id(request, wiring)
    response = await handler(request)
    route = route_path(request)
    wiring.metrics.counter("freshet_requests_total").labels(route=route, status=str(response.status)).inc()
    wiring.metrics.histogram("freshet_request_seconds").labels(route=route).observe(wiring.clock() - started_s)
    return response


async def guard(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Puts the security headers and the request id on every answer, just before its first byte: also on streams."""
    for name, value in UNLESS_SET.items():
        response.headers.setdefault(name, value)
    if REQUEST_ID in request:
        response.headers[ID_HEADER] = request[REQUEST_ID]


@web.middleware
async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every error into problem+json; what is a bug is logged and told without its inside."""
    wiring = request.app[WIRING]
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _http_problem(error, request)
    except FreshetError as error:
        answer = explain(error)
        if answer.status == 500:
            wiring.log.error(
                "request_failed", request_id=request[REQUEST_ID], route=route_path(request), exc_info=error
            )
        return answer
    except ConnectionError:
        raise  # the caller has gone
    except Exception as error:
        wiring.log.error("request_failed", request_id=request[REQUEST_ID], route=route_path(request), exc_info=error)
        return explain(FreshetError(""))


@web.middleware
async def admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody gets to a route without what it needs; one that is not in the table is for administrators."""
    wiring, need = request.app[WIRING], need_of(request)
    refuse_other_sites(request)
    grant = request[GRANT] = wiring.access.admit(request, need)
    response = await handler(request)
    if need == "admin" and request.method in CHANGES:
        facts = {"method": request.method, "path": request.path, "status": response.status}
        write = wiring.audit.write
        await asyncio.to_thread(write, "request", grant.who, request_id=request[REQUEST_ID], **facts)
    return response


def need_of(request: web.Request) -> Need:
    """An address or a method that there is not is told as such to anybody."""
    if request.match_info.http_exception is not None:
        return "public"
    return request.app[NEEDS].get((request.method, route_path(request)), "admin")


MIDDLEWARES = (observed, cross_origin, spoken, explained, admitted, compressed)


def needs_of(routes: Iterable[Route]) -> dict[tuple[str, str], Need]:
    return {(route.method, route.path): route.scope for route in routes}


def route_path(request: web.Request) -> str:
    """The route's pattern, not the address: addresses are without number, and may hold what must not be logged."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


def _request_id(request: web.Request, wiring: Wiring) -> str:
    given = request.headers.get(ID_HEADER, "")
    return given if SAFE_ID.fullmatch(given) else wiring.new_request_id()


def _http_problem(error: web.HTTPException, request: web.Request) -> web.StreamResponse:
    if error.status < 400:
        raise error
    if isinstance(error, web.HTTPNotFound):
        return problem(404, "unknown_route", f"there is no {request.path}", "/openapi.json lists every route")
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        answer = problem(405, "method_not_allowed", f"{request.method} is not for {request.path}", f"use {allowed}")
        answer.headers["Allow"] = allowed
        return answer
    answer = problem(error.status, "http_error", error.reason)
    if error.status == 503:
        answer.headers.update(retry_after(1))
    return answer
