"""What InstantSearch's clients ask for, below `/1/`."""

from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from serving.instantsearch.bodies import objects_in, read_object
from serving.instantsearch.parameters import Parameters
from serving.instantsearch.searching import ask_of, result_for, results_of
from serving.parts import WIRING
from serving.routes.route import Parameter, Route, answer
from serving.routes.search import asker_of

QUESTIONS_MAX: Final = 50
"""Of one request."""
INDEX: Final = Parameter("index", "path", "Name of a declared index (FRESHET_INSTANTSEARCH_INDEXES)")
REFUSALS: Final = (400, 404, 408, 413, 415)


class Model(BaseModel):
    """As these clients read and write it: what is not described may be there, too."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="allow")


class Questions(Model):
    """Searches of one page, or of several widgets on it."""

    requests: list[dict[str, Any]]
    """Each with `indexName` and the parameters of a search, beside it or in `params`, there also as a query string; at
    most 50 (QUESTIONS_MAX). `type: facet` with `facet` and `facetQuery` searches in a facet's values."""


class Result(Model):
    """Hits as records of the shop; docs/instantsearch.md lists all that is in it."""

    hits: list[dict[str, Any]] = []
    nbHits: int = 0
    page: int = 0
    nbPages: int = 0
    hitsPerPage: int = 0
    query: str = ""
    index: str = ""
    processingTimeMS: int


class Results(Model):
    """One result a question, in their order."""

    results: list[Result]


class FacetQuestion(Model):
    """What is searched in the values of a facet, among what products."""

    facetQuery: str = ""
    params: str = ""


class FacetHit(Model):
    value: str
    highlighted: str
    count: int


class FacetHits(Model):
    """Values of most products first."""

    facetHits: list[FacetHit]
    exhaustiveFacetsCount: bool
    processingTimeMS: int


async def post_queries(request: web.Request) -> web.Response:
    """Several searches at once, as every page of InstantSearch sends them."""
    wiring = request.app[WIRING]
    stated = objects_in(await read_object(request), "requests", QUESTIONS_MAX)
    asks = [ask_of(one.get("indexName"), one, wiring) for one in stated]
    wiring.access.count_further(request, len(asks) - 1)
    return answer({"results": await results_of(asks, asker_of(request), wiring)})


async def post_query(request: web.Request) -> web.Response:
    """The body holds the parameters, or `params` with a query string of them."""
    wiring = request.app[WIRING]
    ask = ask_of(request.match_info["index"], await read_object(request), wiring)
    return answer(await result_for(ask._replace(in_facet=False), asker_of(request), wiring))


async def post_facet_query(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    stated = {**await read_object(request), "facet": request.match_info["facet"]}
    ask = ask_of(request.match_info["index"], stated, wiring)
    return answer(await result_for(ask._replace(in_facet=True), asker_of(request), wiring))


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
)
