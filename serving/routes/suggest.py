"""`GET` and `POST /v1/suggest`: what may be meant by what was typed so far."""

from typing import Final

from aiohttp import web
from pydantic import ValidationError

from schemas.suggest import SUGGEST_KINDS, SUGGESTIONS, SuggestRequest, SuggestResponse
from serving.bodies import read_body
from serving.budget import Budget
from serving.keys.grant import GRANT
from serving.keys.limiting import forced_filters
from serving.parts import REQUEST_ID, WIRING
from serving.problems import invalid_request, parsed
from serving.revalidating import kept_for
from serving.routes.route import Parameter, Route, answer_model
from serving.suggest.suggest import suggest

BODY_BYTES_MAX: Final = 10_000
SUGGESTS_MAX: Final = 256
"""At once; one more is refused."""
KEPT_S: Final = 1
"""What was suggested may be shown again so long: who goes back a letter asks the same."""
JSON: Final = "application/json"
MEANING: Final = "Suggest products, brands, categories and queries for what was typed so far"


async def post_suggest(request: web.Request) -> web.Response:
    body = await read_body(request, BODY_BYTES_MAX, (JSON,))
    return answer_model(await _answer(request, parsed(SuggestRequest, body)))


async def get_suggest(request: web.Request) -> web.Response:
    """The same as parameters."""
    given = request.query
    limit = given.get("limit", str(SUGGESTIONS))
    kinds = given.get("kinds")
    values = {
        "text": given.get("text", ""),
        "limit": int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 9 else limit,
        "kinds": kinds.split(",") if kinds is not None else list(SUGGEST_KINDS),
    }
    try:
        asked = SuggestRequest.model_validate(values)
    except ValidationError as error:
        raise invalid_request(error) from None
    found = await _answer(request, asked)
    if found.degraded:
        return answer_model(found)
    same = found.model_dump_json(exclude={"request_id", "took_ms"}).encode()
    return kept_for(request, answer_model(found), KEPT_S, same)


async def _answer(request: web.Request, asked: SuggestRequest) -> SuggestResponse:
    wiring = request.app[WIRING]
    only = forced_filters(request[GRANT], wiring.facets)
    with wiring.suggesting.inside():
        budget = Budget(wiring.settings.suggest_budget_ms / 1000, wiring.clock)
        found = await suggest(asked, wiring.shards, wiring.popular, budget, only)
    for stage, error in budget.surprises:
        wiring.log.error("stage_failed", stage=stage, exc_info=error)
    for stage in budget.skipped:
        wiring.metrics.counter("freshet_suggest_degraded_total").labels(stage=stage).inc()
    return SuggestResponse(
        request_id=request[REQUEST_ID],
        **found._asdict(),
        took_ms=round(budget.took_ms(), 3),
        degraded=sorted(budget.skipped),
    )


PARAMETERS: Final = (
    Parameter("text", "query", "What was typed; the last word may be unfinished. At most 200 characters"),
    Parameter("limit", "query", "Suggestions of each kind, 1 to 20; 5 when left out"),
    Parameter("kinds", "query", "Which kinds, with commas between: queries, products, brands, categories"),
)
ROUTES = (
    Route(
        "GET",
        "/v1/suggest",
        get_suggest,
        MEANING,
        SuggestResponse,
        scope="search",
        parameters=PARAMETERS,
        problems=(400,),
    ),
    Route(
        "POST",
        "/v1/suggest",
        post_suggest,
        f"{MEANING}, asked in a body",
        SuggestResponse,
        scope="search",
        request=(SuggestRequest,),
        problems=(400, 408, 413, 415),
    ),
)
