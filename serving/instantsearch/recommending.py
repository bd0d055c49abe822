"""Products like one product, as Algolia's Recommend asks for them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from schemas.hits import Hit
from schemas.limits import SKU_CHARS_MAX
from serving.budget import Budget
from serving.instantsearch.answers import Result
from serving.instantsearch.asking import conditions
from serving.instantsearch.filters import filters_of
from serving.instantsearch.indexes import sort_of
from serving.instantsearch.parameters import Parameters, parameters
from serving.instantsearch.reading import products
from serving.instantsearch.records import record_of, shown
from serving.instantsearch.together import side_by_side
from serving.keys.grant import Grant
from serving.keys.limiting import narrowed
from serving.parts import Wiring
from serving.problems import invalid_request
from serving.routes.search import admitted, observe
from serving.similar import similar

RELATED: Final = "related-products"
SIMILAR: Final = (RELATED, "looking-similar")
RECOMMENDED_MAX: Final = 30


class Wanted(BaseModel):
    """One question of a request."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore", use_attribute_docstrings=True)

    index_name: str
    model: str
    object_id: Annotated[str, Field(alias="objectID", max_length=SKU_CHARS_MAX)] = ""
    threshold: Annotated[float, Field(ge=0, le=100)] = 0.0
    """The least `_score`, which is 100 times the cosine."""
    max_recommendations: Annotated[int, Field(ge=0)] = 0
    """0: RECOMMENDED_MAX."""
    query_parameters: dict[str, Any] = {}


def wanted_of(stated: Mapping[str, Any]) -> Wanted:
    """Raises InvalidRequest."""
    try:
        return Wanted.model_validate(stated)
    except ValidationError as error:
        raise invalid_request(error) from None


async def recommended(wanted: Wanted, grant: Grant, wiring: Wiring) -> Result:
    """Raises InvalidRequest, Overloaded, or Refusal for an unknown index."""
    sort_of(wanted.index_name, grant, wiring)
    asked = parameters(wanted.query_parameters)
    if wanted.model not in SIMILAR:
        notice = f"{wanted.model} is not here yet; {' and '.join(SIMILAR)} are"
        return _result([], asked, 0.0, wiring) | {"freshet": {"degraded": [], "notice": notice}}
    filters = filters_of(conditions(asked), wiring.fields)
    filters = narrowed(filters, grant.forced) if grant.limited else filters
    with admitted(wiring) as inside:
        budget = Budget(wiring.settings.search_budget_ms / 1000, wiring.clock)
        inside.started_s = wiring.clock()
        limit = min(wanted.max_recommendations or RECOMMENDED_MAX, RECOMMENDED_MAX)
        seen = not grant.limited or wanted.object_id in await products([wanted.object_id], grant, wiring)
        apart_by = wiring.settings.instantsearch_distinct if wanted.model == RELATED else ""
        hits = await similar(wanted.object_id, limit, filters, wiring, budget, apart_by or None) if seen else []
        observe(budget, wiring)
    near = [hit for hit in hits if score_of(hit) >= wanted.threshold]
    said = {"freshet": {"degraded": sorted(budget.skipped)}}
    return _result(near, asked, budget.took_ms(), wiring) | said


def score_of(hit: Hit) -> float:
    """0 to 100."""
    return round(100 * max(0.0, hit.score or 0.0), 2)


def _result(hits: list[Hit], asked: Parameters, took_ms: float, wiring: Wiring) -> Result:
    records = [
        shown(hit, record_of(hit, wiring.fields), asked.attributes_to_retrieve) | {"_score": score_of(hit)}
        for hit in hits
    ]
    return {"hits": records, "nbHits": len(records), "processingTimeMS": max(1, round(took_ms))}


async def every(stated: list[dict[str, Any]], grant: Grant, wiring: Wiring) -> list[Result]:
    """One result a question, in their order."""
    asks = [wanted_of(one) for one in stated]
    return await side_by_side(recommended(one, grant, wiring) for one in asks)
