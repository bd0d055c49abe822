"""An index's settings, as Algolia's clients ask for them and set them: they are told, and never taken."""

from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from schemas.limits import EVENT_BYTES_MAX, FACET_VALUES_MAX, SEARCH_DEPTH_MAX
from schemas.sorting import RELEVANCE
from serving.instantsearch.bodies import read_object
from serving.instantsearch.indexes import sort_of
from serving.instantsearch.models import INDEX, IndexSettings, Noted
from serving.instantsearch.parameters import HITS_PER_PAGE
from serving.keys.grant import GRANT
from serving.parts import WIRING
from serving.routes.route import Route, answer

NOTICE: Final = "nothing of it is taken: Freshet's own settings say what is filtered by, counted and sorted"


async def get_settings(request: web.Request) -> web.Response:
    """What Freshet's own settings make of it; docs/instantsearch.md names these."""
    wiring = request.app[WIRING]
    sort = sort_of(request.match_info["index"], request[GRANT], wiring)
    found: dict[str, Any] = {
        "version": 2,
        "hitsPerPage": HITS_PER_PAGE,
        "maxValuesPerFacet": FACET_VALUES_MAX,
        "paginationLimitedTo": SEARCH_DEPTH_MAX,
        "attributesForFaceting": wiring.fields.listed(),
        "attributeForDistinct": wiring.settings.instantsearch_distinct or None,
        "replicas": [name for name, its in wiring.indexes.items() if its != RELEVANCE] if sort == RELEVANCE else [],
    }
    return answer({name: value for name, value in found.items() if value is not None})


async def put_settings(request: web.Request) -> web.Response:
    """Accepted, so that an indexer goes on that begins with it; the answer's notice says that nothing is taken."""
    wiring = request.app[WIRING]
    sort_of(request.match_info["index"], request[GRANT], wiring)
    await read_object(request, EVENT_BYTES_MAX)
    at = datetime.fromtimestamp(wiring.wall_ms() / 1000, UTC).isoformat(timespec="milliseconds")
    return answer({"taskID": 0, "updatedAt": at, "freshet": {"notice": NOTICE}})


ROUTES = (
    Route(
        "GET",
        "/1/indexes/{index}/settings",
        get_settings,
        "Settings of an index",
        IndexSettings,
        scope="any",
        parameters=(INDEX,),
        problems=(404,),
    ),
    Route(
        "PUT",
        "/1/indexes/{index}/settings",
        put_settings,
        "Accept settings, and take none",
        Noted,
        scope="ingest",
        request=(IndexSettings,),
        parameters=(INDEX,),
        problems=(400, 404, 408, 413, 415),
    ),
)
