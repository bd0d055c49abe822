"""Which addresses a shop's page may ask from another host: those that search, and those that take what shoppers do."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from aiohttp import web

from serving.keys.grant import Need
from serving.routes.route import Route

PAGES_ASK: Final[frozenset[Need]] = frozenset(("search", "events"))
MAX_AGE_S: Final = 86_400
ANY_PAGE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT: Final = ANY_PAGE | {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "*, Authorization",
    "Access-Control-Max-Age": str(MAX_AGE_S),
}
"""No cookie is ever looked at, so a page can do no more than anybody who has the key that it sends."""
OPEN = web.AppKey[frozenset[str]]("open")
"""Patterns of the addresses that pages may ask."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def open_to_pages(routes: Iterable[Route]) -> frozenset[str]:
    """Where nothing but what pages may do is done: a preflight is answered for an address, whatever the method."""
    listed = list(routes)
    closed = {route.path for route in listed if route.scope not in PAGES_ASK}
    return frozenset(route.path for route in listed) - closed


@web.middleware
async def cross_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers preflights, and lets pages read answers, refusals among them."""
    if request.method == "OPTIONS":
        if await _pattern(request) in request.app[OPEN]:
            return web.Response(status=204, headers=PREFLIGHT)
        return await handler(request)
    answer = await handler(request)
    resource = request.match_info.route.resource
    if resource is not None and resource.canonical in request.app[OPEN]:
        answer.headers.update(ANY_PAGE)
    return answer


async def _pattern(request: web.Request) -> str | None:
    """Of the address, whatever the method."""
    for resource in request.app.router.resources():
        _, methods = await resource.resolve(request)
        if methods:
            return resource.canonical
    return None
