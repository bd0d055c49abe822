"""`/` and `/openapi.json`: the page for people and the document for programs."""

import base64
import hashlib
import re
from importlib.resources import files

import orjson
from aiohttp import web

from serving.routes.route import Route

PAGE = web.AppKey("page", str)
DOCUMENT = web.AppKey("document", dict)
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def read_page() -> str:
    """The page as it is packaged: one file, nothing is loaded from elsewhere."""
    return (files("serving") / "page" / "index.html").read_text(encoding="utf-8")


def page_policy(page: str) -> str:
    """A Content-Security-Policy that runs exactly the script and style of this page, by their hashes."""
    allowed = {"script": "", "style": ""}
    for kind, text in INLINE.findall(page):
        allowed[kind] += f" 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
    return (
        f"default-src 'none'; script-src{allowed['script']}; style-src{allowed['style']}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


async def get_page(request: web.Request) -> web.Response:
    page = request.app[PAGE]
    headers = {"Content-Security-Policy": page_policy(page)}
    return web.Response(text=page, content_type="text/html", charset="utf-8", headers=headers)


async def get_openapi(request: web.Request) -> web.Response:
    return web.Response(body=orjson.dumps(request.app[DOCUMENT]), content_type="application/json")


ROUTES = (
    Route("GET", "/", get_page, "The search page", "text/html"),
    Route("GET", "/openapi.json", get_openapi, "This document", "application/json"),
)
