"""`/`, `/shop`, `/why`, `/incident` ..., `/page/...`, `/openapi.json`: pages for people, the document for programs."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from serving.page_files import PageFile
from serving.problems import Refusal
from serving.revalidating import kept_for
from serving.routes.route import Parameter, Route

KEPT_S = 60
"""The document changes with the version alone."""
PAGE = web.AppKey("page", Mapping[str, PageFile])
DOCUMENT = web.AppKey[Callable[[], dict[str, Any]]]("document")
"""Blocking the first time: it is put together."""


async def get_page(request: web.Request) -> web.Response:
    return _file(request, "index.html")


async def get_shop(request: web.Request) -> web.Response:
    return _file(request, "shop.html")


async def get_why(request: web.Request) -> web.Response:
    return _file(request, "why.html")


async def get_instantsearch(request: web.Request) -> web.Response:
    return _file(request, "instantsearch.html")


async def get_dead_letters_page(request: web.Request) -> web.Response:
    return _file(request, "dead-letters.html")


async def get_incident_page(request: web.Request) -> web.Response:
    return _file(request, "incident.html")


async def get_page_file(request: web.Request) -> web.Response:
    return _file(request, request.match_info["file"])


def _file(request: web.Request, name: str) -> web.Response:
    """Asked again each time and then mostly answered 304: after an update nobody sees a mix of two versions."""
    found = request.app[PAGE].get(name)
    if found is None:
        raise Refusal(404, "unknown_file", f"the page has no file {name!r}")
    small = "gzip" in request.headers.get("Accept-Encoding", "")
    tag = f'"{found.tag}{"-gz" if small else ""}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": found.policy,
    }
    if tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    if small:
        headers["Content-Encoding"] = "gzip"
    body = found.small if small else found.body
    return web.Response(body=body, content_type=found.content_type, charset="utf-8", headers=headers)


async def get_openapi(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(request.app[DOCUMENT])
    return kept_for(request, web.Response(body=orjson.dumps(found), content_type="application/json"), KEPT_S)


ROUTES = (
    Route("GET", "/", get_page, "The page for people", "text/html", scope="public"),
    Route("GET", "/dead-letters", get_dead_letters_page, "The page of refused events", "text/html", scope="public"),
    Route("GET", "/incident", get_incident_page, "The page of what was, and why", "text/html", scope="public"),
    Route("GET", "/shop", get_shop, "The shop as its visitors see it", "text/html", scope="public"),
    Route("GET", "/why", get_why, "The page that says why a product is not live", "text/html", scope="public"),
    Route(
        "GET",
        "/instantsearch",
        get_instantsearch,
        "A shop's page built with Algolia's InstantSearch",
        "text/html",
        scope="public",
    ),
    Route(
        "GET",
        "/page/{file}",
        get_page_file,
        "A file of the page",
        "*/*",
        scope="public",
        parameters=(Parameter("file", "path", "Its name"),),
        problems=(404,),
    ),
    Route("GET", "/openapi.json", get_openapi, "This document", "application/json", scope="public"),
)
