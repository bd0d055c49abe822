"""Which addresses a page of another site may ask: those that search, and those that take what shoppers do."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from aiohttp import web

from serving.keys.access import key_in
from serving.keys.grant import Need
from serving.problems import Refusal
from serving.routes.route import Route

PAGES_ASK: Final[frozenset[Need]] = frozenset(("search", "events"))
MAX_AGE_S: Final = 86_400
ANY_PAGE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
}
PREFLIGHT: Final = ANY_PAGE | {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "*, Authorization",
    "Access-Control-Max-Age": str(MAX_AGE_S),
}
"""No cookie is ever looked at, so a page can do no more than anybody who has the key that it sends."""
CHANGES: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))
OWN_SITE: Final = frozenset(("same-origin", "none"))
"""Values of Sec-Fetch-Site: a page of this server, and somebody who typed the address."""
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


def refuse_other_sites(request: web.Request) -> None:
    """A browser asks nobody before a POST without a body, whatever page sends it: without keys, a page that is open
    beside the shop could change it. Who has a key may: no other page has it. Raises Refusal."""
    resource = request.match_info.route.resource
    closed = resource is None or resource.canonical not in request.app[OPEN]
    if closed and request.method in CHANGES and from_another_site(request) and not key_in(request):
        raise Refusal(
            403,
            "not_from_pages",
            "nothing is changed by web pages of other sites",
            hint="send it from a server, or with a key",
        )


def from_another_site(request: web.Request) -> bool:
    """As the browser says it, which no page can make it leave out; where it says neither, it is none."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in OWN_SITE
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2].lower() != request.host.lower()


async def _pattern(request: web.Request) -> str | None:
    """Of the address, whatever the method."""
    for resource in request.app.router.resources():
        _, methods = await resource.resolve(request)
        if methods:
            return resource.canonical
    return None
