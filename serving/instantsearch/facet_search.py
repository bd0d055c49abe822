"""Searching in the values of one facet: `type: facet`, and `/1/indexes/{index}/facets/{facet}/query`."""

import re
from typing import Any

from schemas.errors import InvalidRequest, Problem
from schemas.facet_ask import FacetAsk
from schemas.folding import WORD, folded, words_in
from schemas.limits import CATEGORY_LEVELS_MAX
from schemas.search import SearchRequest, SearchResponse
from schemas.sorting import RELEVANCE
from serving.instantsearch.asking import question
from serving.instantsearch.counted import VALUED, text_of
from serving.instantsearch.fields import Field, Fields
from serving.instantsearch.parameters import Parameters


def facet_question(asked: Parameters, fields: Fields) -> tuple[SearchRequest, Field]:
    """The search for what matches, whose hits nobody looks at, and what is counted. Raises InvalidRequest."""
    field = fields.field(asked.facet)
    if field is None or field.kind not in VALUED:
        problem = Problem("facet", f"{asked.facet!r} is not a facet whose values are texts")
        raise InvalidRequest(
            "undeclared_attribute", problem.problem, (problem,), hint="declare it in FRESHET_FACETS as NAME:value"
        )
    deepest = CATEGORY_LEVELS_MAX if field.level is None else field.level + 1
    levels = deepest if field.kind == "category" else 1
    ask = FacetAsk(field=field.ask, limit=asked.max_facet_hits, search=asked.facet_query or None, levels=levels)
    search = question(asked, RELEVANCE, fields, distinct="").search
    return search.model_copy(update={"facets": [ask], "limit": 1, "page": 1}), field


def facet_hits(answer: SearchResponse, asked: Parameters, field: Field) -> dict[str, Any]:
    counted = answer.facets.get(field.ask)
    values = counted.values if counted is not None else []
    return {
        "facetHits": [
            {"value": text_of(one.value), "highlighted": begun(text_of(one.value), asked), "count": one.count}
            for one in values
            if field.has(one.value)
        ],
        "exhaustiveFacetsCount": counted is not None and counted.exact,
        "processingTimeMS": max(1, round(answer.took_ms)),
    }


def begun(value: str, asked: Parameters) -> str:
    """The value with the beginnings of words lit up that were typed."""
    typed = sorted(words_in(asked.facet_query), key=len, reverse=True)

    def lit(found: re.Match[str]) -> str:
        start = next((word for word in typed if folded(found[0]).startswith(word)), "")
        if not start:
            return found[0]
        return f"{asked.highlight_pre_tag}{found[0][: len(start)]}{asked.highlight_post_tag}{found[0][len(start) :]}"

    return WORD.sub(lit, value)
