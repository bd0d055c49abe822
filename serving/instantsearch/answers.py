"""A search's answer becomes a result as InstantSearch's clients read it."""

from math import ceil
from typing import Any, Final

from schemas.limits import HITS_MAX, SEARCH_DEPTH_MAX
from schemas.search import SearchResponse
from serving.instantsearch.asking import Question
from serving.instantsearch.counted import facets_told
from serving.instantsearch.fields import Fields
from serving.instantsearch.lighting import Lighting
from serving.instantsearch.parameters import chosen
from serving.instantsearch.records import record_of, shown

Result = dict[str, Any]
ALWAYS: Final = ("index",)
"""Of a result, whatever `responseFields` says: clients tell results apart by it."""


def result_of(question: Question, answer: SearchResponse, index: str, fields: Fields) -> Result:
    """`freshet` is our own: what is missing, and what was searched instead."""
    asked, window = question.asked, question.window
    hits = answer.hits[window.start : window.end]
    lighting = Lighting(searched_text(answer, asked.query), asked, fields, len(hits))
    records = []
    for hit in hits:
        whole = record_of(hit, fields)
        records.append(shown(hit, whole, asked.attributes_to_retrieve) | lighting.of(whole, hit.content.locale))
    exact = not answer.degraded
    found: Result = {
        "hits": records,
        "nbHits": answer.found,
        **_pages(question, answer.found),
        "exhaustiveNbHits": exact,
        "exhaustiveTypo": exact,
        "exhaustive": {"nbHits": exact, "typo": exact},
        "query": asked.query,
        "params": asked.echoed(),
        "index": index,
        "processingTimeMS": max(1, round(answer.took_ms)),
        "renderingContent": {},
        "freshet": said(question, answer),
    }
    if asked.facets:
        by_name = asked.sort_facet_values_by == "alpha"
        found |= facets_told(answer.facets, question.wanted, asked.max_values_per_facet, by_name)
        found["exhaustive"]["facetsCount"] = found["exhaustiveFacetsCount"]
    if asked.click_analytics:
        found["queryID"] = answer.request_id
    return {name: one for name, one in found.items() if name in ALWAYS or chosen(asked.response_fields, name)}


def searched_text(answer: SearchResponse, query: str) -> str:
    """What was looked for in the end: its words light up."""
    if answer.corrected is not None:
        return answer.corrected.text
    return answer.understood.text if answer.understood is not None else query


def said(question: Question, answer: SearchResponse) -> dict[str, Any]:
    """What a result has no other place for."""
    return {
        "degraded": answer.degraded,
        "fallback": answer.fallback.model_dump(exclude_none=True) if answer.fallback else None,
        "corrected": answer.corrected.text if answer.corrected else None,
        "notCounted": list(question.wanted.undeclared),
    }


def _pages(question: Question, found: int) -> Result:
    asked = question.asked
    if asked.offset is not None or asked.length is not None:
        return {"offset": asked.offset or 0, "length": question.window.end - question.window.start}
    a_page = min(asked.hits_per_page, HITS_MAX)
    pages = min(ceil(found / a_page), SEARCH_DEPTH_MAX // a_page) if a_page else 0
    return {"page": asked.page, "nbPages": pages, "hitsPerPage": a_page}
