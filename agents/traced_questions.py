"""The span of a question to a shard: only what comes with a trace has one, since each tier asks all the time."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from schemas.tracing import TRACEPARENT, Tracer, checked, within

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def traced_questions(tracer: Tracer) -> list[Middleware]:
    """A middleware; none where nothing is traced."""

    @web.middleware
    async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
        parent = checked(request.headers.get(TRACEPARENT, "").encode())
        if not parent:
            return await handler(request)
        resource = request.match_info.route.resource
        with within(tracer.begin(f"shard {resource.canonical if resource else 'unknown'}", parent)):
            return await handler(request)

    return [traced] if tracer.on else []
