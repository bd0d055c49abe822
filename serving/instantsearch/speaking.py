"""How InstantSearch's clients are spoken to: from any web page, and of errors as `{"message", "status"}`."""

from collections.abc import Awaitable, Callable
from typing import Final

import orjson
from aiohttp import web

from serving.cross_origin import ANY_PAGE, PREFLIGHT
from serving.problems import CONTENT_TYPE

PREFIX: Final = "/1/"
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
        answer = _as_they_read_it(answer)
    answer.headers.update(ANY_PAGE)
    return answer


def _as_they_read_it(answer: web.Response) -> web.Response:
    assert isinstance(answer.body, bytes)
    said = orjson.loads(answer.body)
    message = ". ".join(words.rstrip(".") for words in (said["detail"], said.get("hint")) if words)
    body = {"message": message, "status": answer.status, "code": said["code"]}
    spoken_as = web.Response(status=answer.status, body=orjson.dumps(body), content_type="application/json")
    kept = ("Retry-After", "WWW-Authenticate", "Allow")
    spoken_as.headers.update({name: answer.headers[name] for name in kept if name in answer.headers})
    return spoken_as
