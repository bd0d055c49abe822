"""`/docs`: the documents and the reference of the API, readable where there is no other network than this tier."""

import asyncio
import re
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any

from aiohttp import web

from serving.problems import Refusal
from serving.reference.curl import SERVER
from serving.reference.guides import Guide, docs_folder
from serving.reference.layout import address, page
from serving.reference.markdown import Markdown
from serving.reference.operation_html import parts_of
from serving.routes.route import Parameter, Route

STYLE = "docs.css"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the documents: no script but the page's own one for the chosen colours."""
SCREENSHOT = re.compile(r"[a-z-]+\.png")
HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")


class Documents:
    """Renders each document once, when it is first asked for."""

    def __init__(self, guides: Mapping[str, Guide], api: Mapping[str, Any]) -> None:
        self._guides = guides
        self._generated = parts_of(api)
        self._markdown = Markdown({guide.path: address(guide) for guide in guides.values()})
        self._pages: dict[str, str] = {}
        self.style = (files("serving") / "reference" / STYLE).read_text(encoding="utf-8")

    def page(self, name: str) -> str:
        """Blocking, up to 0.2 s the first time. Raises Refusal 404."""
        guide = self._guides.get(name)
        if guide is None:
            raise Refusal(404, "unknown_document", f"there is no document {name!r}", hint="/docs lists them")
        if name not in self._pages:
            of_api = self._generated if guide.path == "api.md" else lambda part: None
            self._pages[name] = page(guide, self._markdown.render(guide.text, guide.path, of_api), self._guides)
        return self._pages[name]


DOCUMENTS = web.AppKey("documents", Documents)


async def get_docs(request: web.Request) -> web.Response:
    return await _page(request, "index")


async def get_document(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name == STYLE:
        return web.Response(text=request.app[DOCUMENTS].style, content_type="text/css", charset="utf-8", headers=CACHED)
    return await _page(request, name)


CACHED = {"Cache-Control": "no-cache"}


async def _page(request: web.Request, name: str) -> web.Response:
    """With the address that was asked in the examples: they work when they are pasted."""
    text = await asyncio.to_thread(request.app[DOCUMENTS].page, name)
    if HOST.fullmatch(request.host):
        text = text.replace(SERVER, f"{escape(request.scheme)}://{request.host}")
    headers = {"Content-Security-Policy": POLICY}
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)


async def get_screenshot(request: web.Request) -> web.StreamResponse:
    name = request.match_info["file"]
    path = docs_folder() / "screenshots" / name
    if not SCREENSHOT.fullmatch(name) or not path.is_file():
        raise Refusal(404, "unknown_document", f"there is no picture {name!r}", hint="/docs lists the documents")
    return web.FileResponse(path, headers=CACHED)


ROUTES = (
    Route("GET", "/docs", get_docs, "The documents, for people", "text/html"),
    Route(
        "GET",
        "/docs/{name}",
        get_document,
        "One document",
        "text/html",
        parameters=(Parameter("name", "path", "Its name, as /docs lists it"),),
        problems=(404,),
    ),
    Route(
        "GET",
        "/docs/screenshots/{file}",
        get_screenshot,
        "A picture of the documents",
        "image/png",
        parameters=(Parameter("file", "path", "Its name"),),
        problems=(404,),
    ),
)
