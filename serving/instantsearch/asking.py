"""A client's question becomes a search."""

from typing import NamedTuple

from pydantic import ValidationError

from schemas.grouping import GROUP_LIMIT_MAX
from schemas.limits import HITS_MAX, SEARCH_DEPTH_MAX
from schemas.search import SearchRequest
from schemas.sorting import Sort
from serving.instantsearch.conditions import Condition
from serving.instantsearch.counted import Wanted, wanted
from serving.instantsearch.fields import Fields
from serving.instantsearch.filter_lists import facet_filters, numeric_filters, tag_filters
from serving.instantsearch.filter_syntax import parse_filters, wrong
from serving.instantsearch.filters import filters_of
from serving.instantsearch.parameters import Parameters
from serving.problems import invalid_request


class Question(NamedTuple):
    """`search`: what is searched; `window`: which of its hits are shown."""

    asked: Parameters
    search: SearchRequest
    wanted: Wanted
    window: "Window"


class Window(NamedTuple):
    """Hits `start` to `end` of the page `page` (from 1) of `limit` hits."""

    page: int
    limit: int
    start: int
    end: int


def question(asked: Parameters, sort: Sort, fields: Fields, distinct: str) -> Question:
    """`distinct`: what the shop's records are grouped by; empty: nothing. Raises InvalidRequest."""
    facets = wanted(asked.facets, fields, asked.max_values_per_facet)
    window = window_of(asked)
    group_limit = int(asked.distinct or 0) if distinct else 0
    languages = [*asked.query_languages, *asked.natural_languages]
    try:
        search = SearchRequest(
            text=asked.query,
            limit=window.limit,
            page=window.page,
            filters=filters_of(conditions(asked), fields),
            facets=facets.asks,
            sort=sort,
            session=asked.user_token,
            personalise=asked.enable_personalization,
            locale=languages[0] if languages else None,
            mode="words" if asked.mode == "keywordSearch" else "hybrid",
            typing=asked.query_type != "prefixNone",
            typos=None if asked.typo_tolerance is None else asked.typo_tolerance not in (False, "false"),
            synonyms=asked.synonyms,
            group_by=distinct if group_limit > 0 else None,
            group_limit=min(GROUP_LIMIT_MAX, max(1, group_limit)),
        )
    except ValidationError as error:
        raise invalid_request(error) from None
    return Question(asked, search, facets, window)


def conditions(asked: Parameters) -> list[Condition | None]:
    return [
        parse_filters(asked.filters),
        facet_filters(asked.facet_filters),
        numeric_filters(asked.numeric_filters),
        tag_filters(asked.tag_filters),
    ]


def window_of(asked: Parameters) -> Window:
    """Beyond SEARCH_DEPTH_MAX nothing is shown, and of a page at most HITS_MAX. Raises InvalidRequest."""
    if asked.offset is not None or asked.length is not None:
        return _from_offset(asked.offset or 0, asked.hits_per_page if asked.length is None else asked.length)
    limit = min(asked.hits_per_page, HITS_MAX)
    if limit == 0 or (asked.page + 1) * limit > SEARCH_DEPTH_MAX:
        return Window(1, 1, 0, 0)
    return Window(asked.page + 1, limit, 0, limit)


def _from_offset(offset: int, length: int) -> Window:
    length = min(length, HITS_MAX)
    if length == 0 or offset + length > SEARCH_DEPTH_MAX:
        return Window(1, 1, 0, 0)
    if offset % length == 0:
        return Window(offset // length + 1, length, 0, length)
    if offset + length <= HITS_MAX:
        return Window(1, offset + length, offset, offset + length)
    raise wrong(f"{offset} must be a multiple of the length, {length}, or both together at most {HITS_MAX}", "offset")
