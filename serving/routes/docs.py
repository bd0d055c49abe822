"""`/docs`: the documents and the reference of the API, readable where there is no other network than this tier."""

import asyncio
import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from aiohttp import web

from serving.problems import Refusal
from serving.reference.curl import SERVER
from serving.reference.guides import docs_folder
from serving.revalidating import kept_for
from serving.routes.route import Parameter, Route

if TYPE_CHECKING:
    from serving.reference.documents import Documents

STYLE = "docs.css"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the documents: no script but the page's own one for the chosen colours."""
SCREENSHOT = re.compile(r"[a-z-]+\.png")
HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")

DOCUMENTS = web.AppKey[Callable[[], "Documents"]]("documents")
"""Blocking the first time: all that is documented is put together."""


async def get_docs(request: web.Request) -> web.Response:
    return await _page(request, "index")


async def get_document(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name == STYLE:
        style = (await asyncio.to_thread(request.app[DOCUMENTS])).style
        return web.Response(text=style, content_type="text/css", charset="utf-8", headers=CACHED)
    return await _page(request, name)


CACHED = {"Cache-Control": "no-cache"}


async def _page(request: web.Request, name: str) -> web.Response:
    """With the address that was asked in the examples: they work when they are pasted."""
    text = await asyncio.to_thread(lambda: request.app[DOCUMENTS]().page(name))
    if HOST.fullmatch(request.host):
        text = text.replace(SERVER, f"{escape(request.scheme)}://{request.host}")
    headers = {"Content-Security-Policy": POLICY}
    said = web.Response(body=text.encode(), content_type="text/html", charset="utf-8", headers=headers)
    return kept_for(request, said, 0)


async def get_screenshot(request: web.Request) -> web.StreamResponse:
    name = request.match_info["file"]
    path = docs_folder() / "screenshots" / name
    if not SCREENSHOT.fullmatch(name) or not path.is_file():
        raise Refusal(404, "unknown_document", f"there is no picture {name!r}", hint="/docs lists the documents")
    return web.FileResponse(path, headers=CACHED)


ROUTES = (
    Route("GET", "/docs", get_docs, "The documents, for people", "text/html", scope="public"),
    Route(
        "GET",
        "/docs/{name}",
        get_document,
        "One document",
        "text/html",
        scope="public",
        parameters=(Parameter("name", "path", "Its name, as /docs lists it"),),
        problems=(404,),
    ),
    Route(
        "GET",
        "/docs/screenshots/{file}",
        get_screenshot,
        "A picture of the documents",
        "image/png",
        scope="public",
        parameters=(Parameter("file", "path", "Its name"),),
        problems=(404,),
    ),
)
