"""Lets browsers and caches keep answers that anybody may see, and asks of them only whether they are still right."""

from typing import Final

import xxhash
from aiohttp import hdrs, web

from serving.keys.grant import GRANT, NOBODY
from serving.routes.at_least import HEADER as AT_LEAST

KEYS: Final = ("Authorization", "X-Freshet-Key", "X-Algolia-API-Key")
POLICY: Final = "Content-Security-Policy"
VARY: Final = ", ".join((*KEYS, AT_LEAST))
"""Another of these, another answer."""


def kept_for(request: web.Request, answer: web.Response, max_age_s: int, same: bytes | None = None) -> web.Response:
    """The answer, or 304 where the client has it already: two are the same where `same` is, by default the body.
    `max_age_s`: not asked again so long; 0: asked each time.

    Nothing is kept of what a key was asked with, or what must not be older than the client says.
    """
    if request[GRANT].who != NOBODY or AT_LEAST in request.headers or answer.status != 200:
        return answer
    body = answer.body if same is None else same
    assert isinstance(body, bytes)
    tag = f'W/"{xxhash.xxh3_64_hexdigest(body)}"'
    headers = {hdrs.ETAG: tag, hdrs.CACHE_CONTROL: _rule(max_age_s), hdrs.VARY: VARY}
    if _has(request, tag):
        # What a 304 says replaces what the client has kept: the page would be left without its style.
        policy = {POLICY: answer.headers[POLICY]} if POLICY in answer.headers else {}
        return web.Response(status=304, headers=headers | policy)
    answer.headers.update(headers)
    return answer


def _rule(max_age_s: int) -> str:
    return f"public, max-age={max_age_s}" if max_age_s else "public, no-cache"


def _has(request: web.Request, tag: str) -> bool:
    """Weak comparison (RFC 9110, section 13.1.2)."""
    given = [one.strip() for one in request.headers.get(hdrs.IF_NONE_MATCH, "").split(",")]
    return "*" in given or tag in given or tag.removeprefix("W/") in given
