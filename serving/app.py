"""Makes the aiohttp application from its parts: routes, middlewares, and what runs beside the requests."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from schemas.grouping import attribute_of
from serving.cross_origin import OPEN, open_to_pages
from serving.instantsearch import routes as instantsearch
from serving.middleware import MIDDLEWARES, NEEDS, guard, needs_of
from serving.openapi import document
from serving.page_files import read_page_files
from serving.parts import STARTED_S, WIRING, Wiring
from serving.reference.guides import docs_folder, read_guides
from serving.routes import (
    catalog,
    clicks,
    docs,
    events,
    feed,
    health,
    incident,
    letters,
    pages,
    search,
    sessions,
    similar,
    skus,
    stuck,
    suggest,
)
from serving.routes.docs import DOCUMENTS
from serving.routes.pages import DOCUMENT, PAGE
from serving.routes.route import Route
from serving.tracing import traced

if TYPE_CHECKING:
    from serving.reference.documents import Documents

ROUTES: tuple[Route, ...] = (
    *search.ROUTES,
    *suggest.ROUTES,
    *skus.ROUTES,
    *similar.ROUTES,
    *stuck.ROUTES,
    *letters.ROUTES,
    *catalog.ROUTES,
    *clicks.ROUTES,
    *sessions.ROUTES,
    *instantsearch.ROUTES,
    *events.ROUTES,
    *feed.ROUTES,
    *incident.ROUTES,
    *health.ROUTES,
    *pages.ROUTES,
    *docs.ROUTES,
)


def create_app(wiring: Wiring) -> web.Application:
    """Run it with `auto_decompress=False`: bodies are inflated here, under a limit."""
    app = web.Application(middlewares=[*([traced] if wiring.tracer.on else []), *MIDDLEWARES])
    app[WIRING] = wiring
    app[STARTED_S] = wiring.clock()
    app[NEEDS] = needs_of(ROUTES)
    app[OPEN] = open_to_pages(ROUTES)
    api: Callable[[], dict[str, Any]] = cache(partial(document, ROUTES, wiring.version))
    documents: Callable[[], Documents] = cache(partial(_documents, api))
    app[DOCUMENT], app[DOCUMENTS] = api, documents
    app[PAGE] = read_page_files(attribute_of(wiring.settings.instantsearch_distinct))
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
    app.on_response_prepare.append(guard)
    app.on_shutdown.append(feed.end_feed)
    app.on_shutdown.append(incident.end_replays)
    app.cleanup_ctx.append(_beside)
    return app


def _documents(api: Callable[[], dict[str, Any]]) -> "Documents":
    from serving.reference.documents import Documents

    return Documents(read_guides(docs_folder()), api())


async def _beside(app: web.Application) -> AsyncIterator[None]:
    """Starts the background work in order and ends it in reverse."""
    async with AsyncExitStack() as stack:
        for enter in app[WIRING].background:
            await stack.enter_async_context(enter())
        yield
