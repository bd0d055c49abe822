"""Questions of InstantSearch's clients, each answered by the search that `/v1/search` answers with."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.search import SearchRequest, SearchResponse
from schemas.sorting import Sort
from serving.budget import Budget
from serving.instantsearch.answers import Result, result_of
from serving.instantsearch.asking import question
from serving.instantsearch.facet_search import facet_hits, facet_question
from serving.instantsearch.parameters import Parameters, parameters
from serving.parts import Wiring
from serving.problems import Refusal
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


def ask_of(index: object, stated: Mapping[str, Any], wiring: Wiring) -> Ask:
    """Raises InvalidRequest, or Refusal 404 for an index that is not declared."""
    asked = parameters(stated)
    return Ask(str(index), sort_of(index, wiring), asked, stated.get("type") == FACET or bool(asked.facet))


def sort_of(index: object, wiring: Wiring) -> Sort:
    """Raises Refusal 404 for an index that is not declared."""
    found = wiring.indexes.get(index) if isinstance(index, str) else None
    if found is None:
        raise Refusal(
            404,
            "unknown_index",
            f"Index {index} does not exist",
            hint=f"FRESHET_INSTANTSEARCH_INDEXES declares {', '.join(wiring.indexes)}",
        )
    return found


async def results_of(asks: Sequence[Ask], asker: Asker, wiring: Wiring) -> list[Result]:
    """One result a question, in their order, all side by side. Raises FreshetError where one fails, once all have
    ended.
    """
    askers = [asker, *(asker._replace(request_id=wiring.new_request_id()) for _ in asks[1:])]
    found = await asyncio.gather(
        *(result_for(ask, whose, wiring) for ask, whose in zip(asks, askers, strict=False)), return_exceptions=True
    )
    results = [one for one in found if not isinstance(one, BaseException)]
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return results


async def result_for(ask: Ask, asker: Asker, wiring: Wiring) -> Result:
    """Raises Refusal 403 for an index that the asker's key may not ask."""
    if not asker.grant.names(ask.name):
        raise Refusal(403, "index_refused", f"the key {asker.grant.who} is not for the index {ask.name}")
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
    return SearchResponse.model_validate_json(answer) if isinstance(answer, bytes) else answer
