"""Bodies as InstantSearch's clients send them: JSON, whatever they call it."""

from typing import Any, Final

import orjson
from aiohttp import web

from schemas.errors import InvalidRequest
from serving.bodies import read_body

CONTENT_TYPES: Final = (
    "text/plain",
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
)
"""Browsers ask no preflight for the first and the third; the last is what stands there when nothing was said."""
QUESTION_BYTES_MAX: Final = 1_000_000


async def read_object(request: web.Request, bytes_max: int = QUESTION_BYTES_MAX) -> dict[str, Any]:
    """An empty body is an empty object. Raises Refusal or InvalidRequest."""
    body = await read_body(request, bytes_max, CONTENT_TYPES)
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise InvalidRequest("malformed_json", f"the body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidRequest("not_an_object", "the body must be a JSON object")
    return found


def objects_in(body: dict[str, Any], name: str, at_most: int) -> list[dict[str, Any]]:
    """The list of objects that stands in a body. Raises InvalidRequest."""
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidRequest("invalid_request", f"{name}: must be a list of objects")
    if len(found) > at_most:
        raise InvalidRequest("invalid_request", f"{name}: {len(found)} are too many, at most {at_most} are taken")
    return found
