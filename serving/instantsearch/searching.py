"""Questions of InstantSearch's clients, each answered by the search that `/v1/search` answers with."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.search import SearchRequest, SearchResponse
from schemas.sorting import Sort
from serving.budget import Budget
from serving.instantsearch.answers import Result, result_of
from serving.instantsearch.asking import question
from serving.instantsearch.facet_search import facet_hits, facet_question
from serving.instantsearch.indexes import sort_of
from serving.instantsearch.parameters import Parameters, parameters
from serving.instantsearch.together import side_by_side
from serving.keys.grant import Grant
from serving.parts import Wiring
from serving.routes.search import Asker, admitted, answered

FACET: Final = "facet"
"""The type of a question that searches in a facet's values."""


class Ask(NamedTuple):
    """One question of a request."""

    name: str
    """Of the index."""
    sort: Sort
    asked: Parameters
    in_facet: bool


def ask_of(index: object, stated: Mapping[str, Any], grant: Grant, wiring: Wiring) -> Ask:
    """Raises InvalidRequest, or Refusal for an index that may not be asked."""
    asked = parameters(stated)
    return Ask(str(index), sort_of(index, grant, wiring), asked, stated.get("type") == FACET or bool(asked.facet))


async def results_of(asks: Sequence[Ask], asker: Asker, wiring: Wiring) -> list[Result]:
    """One result a question, in their order. Raises FreshetError where one fails."""
    askers = [asker, *(asker._replace(request_id=wiring.new_request_id()) for _ in asks[1:])]
    return await side_by_side(result_for(ask, whose, wiring) for ask, whose in zip(asks, askers, strict=False))


async def result_for(ask: Ask, asker: Asker, wiring: Wiring) -> Result:
    fields = wiring.fields
    if ask.in_facet:
        asked, field = facet_question(ask.asked, fields)
        return facet_hits(await _searched(asked, asker, wiring), ask.asked, field)
    stated = question(ask.asked, ask.sort, fields, wiring.settings.instantsearch_distinct)
    return result_of(stated, await _searched(stated.search, asker, wiring), ask.name, fields)


async def _searched(asked: SearchRequest, asker: Asker, wiring: Wiring) -> SearchResponse:
    with admitted(wiring) as inside:
        budget = Budget(wiring.settings.search_budget_ms / 1000, wiring.clock)
        answer = await answered(asked, asker, wiring, inside, budget)
    return SearchResponse.model_validate_json(answer) if isinstance(answer, bytes) else answer.response
