"""What InstantSearch's clients ask for, below `/1/`."""

from typing import Any, Final

from aiohttp import web

from schemas.limits import CLICKS_REQUEST_BYTES_MAX
from serving.instantsearch.bodies import objects_in, read_object
from serving.instantsearch.indexes import sort_of
from serving.instantsearch.insights import EVENTS_MAX, clicks_in
from serving.instantsearch.models import (
    INDEX,
    OBJECT,
    FacetHits,
    FacetQuestion,
    Insights,
    ObjectAnswer,
    ObjectQuestions,
    Objects,
    Questions,
    RecommendQuestions,
    Result,
    Results,
    Said,
)
from serving.instantsearch.parameters import Parameters, names_of
from serving.instantsearch.reading import OBJECTS_MAX, products
from serving.instantsearch.recommending import every
from serving.instantsearch.records import record_of, shown
from serving.instantsearch.searching import ask_of, result_for, results_of
from serving.instantsearch.settings_routes import ROUTES as SETTINGS
from serving.instantsearch.write_routes import ROUTES as WRITING
from serving.keys.grant import GRANT
from serving.parts import WIRING
from serving.problems import Refusal
from serving.routes.route import Parameter, Route, answer
from serving.routes.search import asker_of

QUESTIONS_MAX: Final = 50
"""Of one request."""
REFUSALS: Final = (400, 404, 408, 413, 415, 503)


async def post_queries(request: web.Request) -> web.Response:
    """Several searches at once, as every page of InstantSearch sends them."""
    wiring = request.app[WIRING]
    stated = objects_in(await read_object(request), "requests", QUESTIONS_MAX)
    asker = asker_of(request)
    asks = [ask_of(one.get("indexName"), one, asker.grant, wiring) for one in stated]
    wiring.access.count_further(request, max(0, len(asks) - 1))
    return answer({"results": await results_of(asks, asker, wiring)})


async def post_query(request: web.Request) -> web.Response:
    """The body holds the parameters, or `params` with a query string of them."""
    wiring = request.app[WIRING]
    ask = ask_of(request.match_info["index"], await read_object(request), request[GRANT], wiring)
    return answer(await result_for(ask._replace(in_facet=False), asker_of(request), wiring))


async def post_facet_query(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    stated = {**await read_object(request), "facet": request.match_info["facet"]}
    ask = ask_of(request.match_info["index"], stated, request[GRANT], wiring)
    return answer(await result_for(ask._replace(in_facet=True), asker_of(request), wiring))


async def get_object(request: web.Request) -> web.Response:
    wiring, grant, sku = request.app[WIRING], request[GRANT], request.match_info["objectID"]
    sort_of(request.match_info["index"], grant, wiring)
    hit = (await products([sku], grant, wiring)).get(sku)
    if hit is None:
        raise Refusal(404, "unknown_sku", "ObjectID does not exist")
    retrieve = names_of(request.query.get("attributesToRetrieve"))
    return answer(shown(hit, record_of(hit, wiring.fields), retrieve))


async def post_objects(request: web.Request) -> web.Response:
    wiring, grant = request.app[WIRING], request[GRANT]
    stated = objects_in(await read_object(request), "requests", OBJECTS_MAX)
    for one in stated:
        sort_of(one.get("indexName"), grant, wiring)
    skus = [str(one.get("objectID", "")) for one in stated]
    found = await products(skus, grant, wiring)
    records = [
        shown(hit, record_of(hit, wiring.fields), names_of(one.get("attributesToRetrieve")))
        if (hit := found.get(sku))
        else None
        for sku, one in zip(skus, stated, strict=True)
    ]
    return answer({"results": records})


async def post_recommendations(request: web.Request) -> web.Response:
    """`related-products` and `looking-similar`: what is nearest to the product by its meaning, the first without
    variants where `FRESHET_INSTANTSEARCH_DISTINCT` groups them. Of other models an empty list, and a notice."""
    wiring = request.app[WIRING]
    stated = objects_in(await read_object(request), "requests", QUESTIONS_MAX)
    wiring.access.count_further(request, max(0, len(stated) - 1))
    return answer({"results": await every(stated, request[GRANT], wiring)})


async def post_insights(request: web.Request) -> web.Response:
    """Views, clicks, carts and purchases of products; what tells of none is accepted and dropped."""
    door = request.app[WIRING].clicks
    with door.gate.inside():
        events = objects_in(await read_object(request, CLICKS_REQUEST_BYTES_MAX), "events", EVENTS_MAX)
        clicks = list(enumerate(clicks_in(events), 1))
        taken: list[dict[str, Any]] = (await door.take(clicks))["events"] if clicks else []
    refused = [one["error"]["message"] for one in taken if "error" in one]
    message = f"{len(refused)} of {len(clicks)} were not taken: {refused[0]}" if refused else "OK"
    return answer({"status": 200, "message": message})


ROUTES = (
    Route(
        "POST",
        "/1/indexes/*/queries",
        post_queries,
        "Search, as InstantSearch asks",
        Results,
        scope="search",
        request=(Questions,),
        problems=REFUSALS,
    ),
    Route(
        "POST",
        "/1/indexes/{index}/query",
        post_query,
        "Search one index, as Algolia's clients ask",
        Result,
        scope="search",
        request=(Parameters,),
        parameters=(INDEX,),
        problems=REFUSALS,
    ),
    Route(
        "POST",
        "/1/indexes/{index}/facets/{facet}/query",
        post_facet_query,
        "Search in the values of a facet, as Algolia's clients ask",
        FacetHits,
        scope="search",
        request=(FacetQuestion,),
        parameters=(INDEX, Parameter("facet", "path", "Name of an attribute that is counted")),
        problems=REFUSALS,
    ),
    Route(
        "POST",
        "/1/indexes/*/objects",
        post_objects,
        "Several products as records",
        Objects,
        scope="search",
        request=(ObjectQuestions,),
        problems=REFUSALS,
    ),
    Route(
        "POST",
        "/1/indexes/*/recommendations",
        post_recommendations,
        "Products like others, as Algolia's Recommend asks",
        Results,
        scope="search",
        request=(RecommendQuestions,),
        problems=REFUSALS,
    ),
    Route(
        "POST",
        "/1/events",
        post_insights,
        "Send clicks, as search-insights does",
        Said,
        scope="events",
        request=(Insights,),
        problems=REFUSALS,
    ),
    *SETTINGS,
    *WRITING,
    Route(
        "GET",
        "/1/indexes/{index}/{objectID}",
        get_object,
        "One product as a record",
        ObjectAnswer,
        scope="search",
        parameters=(INDEX, OBJECT, Parameter("attributesToRetrieve", "query", "Only these, with commas between")),
        problems=(400, 404, 503),
    ),
)
