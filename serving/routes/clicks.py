"""`POST /v1/clicks`: what shoppers do goes in. It comes from browsers, so it needs no key and has narrower limits."""

from aiohttp import web

from schemas.clicks import Click
from schemas.limits import CLICKS_REQUEST_BYTES_MAX
from serving.bodies import read_body
from serving.door import EventsAnswer
from serving.parts import WIRING
from serving.routes.catalog import JSON, NDJSON, cut_by
from serving.routes.route import Route, answer


async def post_clicks(request: web.Request) -> web.Response:
    """One click, a list, `{"events": [...]}`, or one per line of NDJSON."""
    door = request.app[WIRING].clicks
    with door.gate.inside():
        body = await read_body(request, CLICKS_REQUEST_BYTES_MAX, (JSON, NDJSON))
        return answer(await door.take(cut_by(request.content_type)(body)), 202)


ROUTES = (
    Route(
        "POST",
        "/v1/clicks",
        post_clicks,
        "Send views, clicks, carts and purchases",
        EventsAnswer,
        scope="events",
        status=202,
        request=(Click,),
        request_types=(JSON, NDJSON),
        problems=(400, 408, 413, 415, 503),
    ),
)
