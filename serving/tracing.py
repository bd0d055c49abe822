"""The span of a request: what comes with a trace, or may begin one, is traced to its end."""

from aiohttp import web

from schemas.tracing import TRACEPARENT, checked, within
from serving.middleware import Handler, route_path
from serving.parts import WIRING

BEGINS = "POST"
"""Searches and changes begin a trace of their own; pages, probes and streams only go on with one."""


@web.middleware
async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
    tracer = request.app[WIRING].tracer
    parent = checked(request.headers.get(TRACEPARENT, "").encode())
    if not parent and request.method != BEGINS:
        return await handler(request)
    with within(tracer.begin(f"{request.method} {route_path(request)}", parent)):
        return await handler(request)
