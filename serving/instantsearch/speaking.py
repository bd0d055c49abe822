"""How InstantSearch's clients are spoken to: from any web page, and of errors as `{"message", "status"}`."""

from collections.abc import Awaitable, Callable
from typing import Final

import orjson
from aiohttp import web

from serving.cross_origin import ANY_PAGE, PREFLIGHT
from serving.instantsearch.models import ClientProblem
from serving.problems import CONTENT_TYPE
from serving.routes.route import answer_model

PREFIX: Final = "/1/"
NO_SUCH_CALL: Final = ("unknown_route", "method_not_allowed")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def spoken(request: web.Request, handler: Handler) -> web.StreamResponse:
    """For all below /1/: answers preflights and says errors as these clients read them."""
    if not request.path.startswith(PREFIX):
        return await handler(request)
    if request.method == "OPTIONS":
        return web.Response(status=204, headers=PREFLIGHT)
    answer = await handler(request)
    if isinstance(answer, web.Response) and answer.content_type == CONTENT_TYPE:
        answer = _as_they_read_it(answer, f"{request.method} {request.path}")
    answer.headers.update(ANY_PAGE)
    return answer


def _as_they_read_it(answer: web.Response, asked: str) -> web.Response:
    assert isinstance(answer.body, bytes)
    said = orjson.loads(answer.body)
    detail, hint = said["detail"].rstrip("."), (said.get("hint") or "").rstrip(".")
    if said["code"] in NO_SUCH_CALL:  # the methods of a record's address would tell of another call than was meant
        detail, hint = f"{asked} is none of the calls that Freshet answers", "/docs/instantsearch lists them"
    message = ". ".join(one for one in (detail, hint[:1].upper() + hint[1:]) if one)
    spoken_as = answer_model(ClientProblem(message=message, status=answer.status, code=said["code"]), answer.status)
    kept = ("Retry-After", "WWW-Authenticate", "Allow")
    spoken_as.headers.update({name: answer.headers[name] for name in kept if name in answer.headers})
    return spoken_as
