"""`GET /v1/feed`: what is happening, as server-sent events."""

import asyncio

from aiohttp import web

from serving.parts import WIRING
from serving.routes.route import Parameter, Route

WRITE_S_MAX = 10.0
"""A listener that takes nothing for so long is cut off."""
LAST_EVENT_ID = "Last-Event-ID"


async def get_feed(request: web.Request) -> web.StreamResponse:
    """Server-sent events with JSON: `change` (one event of the catalogue, with its times), `more` (how many were not
    told one by one), `freshness` (every second), `processes` (when one changes), `dropped` (the listener was too
    slow; the last event). With `Last-Event-ID` it goes on where an earlier connection ended."""
    feed = request.app[WIRING].feed
    with feed.listening(request.headers.get(LAST_EVENT_ID, "")) as listener:
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no", "Cache-Control": "no-cache, no-transform"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        async for text in listener.texts():
            if not await _written(request, response, text):
                break
    return response


async def _written(request: web.Request, response: web.StreamResponse, text: bytes) -> bool:
    """False when the listener has gone, or takes nothing."""
    try:
        async with asyncio.timeout(WRITE_S_MAX):
            await response.write(text)
    except ConnectionError:
        return False
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        return False
    return True


async def end_feed(app: web.Application) -> None:
    """Before the server waits for its requests to end: this one would not."""
    app[WIRING].feed.close()


ROUTES = (
    Route(
        "GET",
        "/v1/feed",
        get_feed,
        "What is happening: changes, freshness, processes",
        "text/event-stream",
        scope="admin",
        parameters=(Parameter(LAST_EVENT_ID, "header", "Id of the last `change` that was seen"),),
    ),
)
