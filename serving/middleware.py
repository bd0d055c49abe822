"""What every request goes through, outermost first: observed, errors explained, the key checked; headers at the end."""

import hmac
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from schemas.errors import FreshetError
from schemas.limits import REQUEST_ID_CHARS_MAX
from serving.instantsearch.speaking import spoken
from serving.parts import REQUEST_ID, WIRING, Wiring
from serving.problems import explain, problem, retry_after
from serving.routes.route import Route

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
KEY_HEADER = "X-Freshet-Key"
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
KEYED = web.AppKey("keyed", frozenset)
"""(method, path) of the routes that need the admin key."""


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
async def keyed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Once a key is set: no key, no access to writes and administration."""
    if (request.method, route_path(request)) in request.app[KEYED] and not may_administer(request):
        answer = problem(401, "key_required", "this needs the admin key", f"send it in the header {KEY_HEADER}")
        answer.headers["WWW-Authenticate"] = f'ApiKey header="{KEY_HEADER}"'
        return answer
    return await handler(request)


def may_administer(request: web.Request) -> bool:
    """Whether the right key was sent, or none is set."""
    key = request.app[WIRING].settings.admin_key
    given = request.headers.get(KEY_HEADER, "")
    return not key or hmac.compare_digest(given.encode(errors="surrogateescape"), key.encode())


MIDDLEWARES = (observed, spoken, explained, keyed)


def keyed_routes(routes: tuple[Route, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((route.method, route.path) for route in routes if route.keyed)


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
