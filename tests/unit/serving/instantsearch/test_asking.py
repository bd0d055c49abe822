"""What a client's parameters make of a search."""

from typing import Any

import pytest

from schemas.errors import InvalidRequest
from schemas.facets import parse_facets
from schemas.instantsearch import INDEXES_MAX, NAME_CHARS_MAX, NAMES_MAX, parse_indexes, parse_names
from schemas.limits import FACET_VALUES_MAX, HITS_MAX, SEARCH_DEPTH_MAX
from schemas.search import SearchRequest
from serving.instantsearch.asking import Window, question, window_of
from serving.instantsearch.fields import Fields
from serving.instantsearch.parameters import parameters

FIELDS = Fields(parse_names(["vendor=brand"]), parse_facets(["colour:value"]))


def search(**stated: Any) -> SearchRequest:
    return question(parameters(stated), "relevance", FIELDS, "").search


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({}, {"text": "", "typing": True, "mode": "hybrid", "typos": None, "synonyms": True, "personalise": True}),
        ({"query": "lamp", "userToken": "u-1"}, {"text": "lamp", "session": "u-1"}),
        ({"enablePersonalization": False}, {"personalise": False}),
        ({"queryType": "prefixNone"}, {"typing": False}),
        ({"queryType": "prefixAll"}, {"typing": True}),
        ({"mode": "keywordSearch"}, {"mode": "words"}),
        ({"mode": "neuralSearch"}, {"mode": "hybrid"}),
        ({"queryLanguages": ["de", "fr"]}, {"locale": "de"}),
        ({"naturalLanguages": ["fr"]}, {"locale": "fr"}),
        ({"typoTolerance": False}, {"typos": False}),
        ({"typoTolerance": "false"}, {"typos": False}),
        ({"typoTolerance": "min"}, {"typos": True}),
        ({"synonyms": "false"}, {"synonyms": False}),
    ],
)
def test_parameters_become_fields_of_a_search(stated: dict[str, Any], found: dict[str, Any]) -> None:
    asked = search(**stated)
    assert {name: getattr(asked, name) for name in found} == found


def test_tags_are_an_attribute_that_has_to_be_declared() -> None:
    asked, tagged = parameters({"tagFilters": [["sale", "new"]]}), Fields({}, parse_facets(["_tags:value"]))
    found = question(asked, "relevance", tagged, "").search.filters.all
    assert found is not None and [one.attributes for one in found] == [{"_tags": ["sale", "new"]}]
    with pytest.raises(InvalidRequest, match="cannot be filtered by '_tags'"):
        question(asked, "relevance", FIELDS, "")


def test_facets_are_asked_once_whatever_they_are_called() -> None:
    levels = [f"hierarchicalCategories.lvl{at}" for at in (2, 0)]
    asked = search(facets=["brand", "vendor", *levels, "price", "nope"], maxValuesPerFacet=7).facets
    assert [(one.field, one.limit, one.levels) for one in asked] == [
        ("brand", 7, 1),
        ("category", FACET_VALUES_MAX, 3),
        ("price", 10, 1),
    ]
    every = [one.field for one in search(facets=["*"], maxValuesPerFacet=1_000).facets]
    assert every == ["brand", "category", "in_stock", "price", "attributes.colour"]


@pytest.mark.parametrize(
    ("stated", "window"),
    [
        ({"page": 9, "hitsPerPage": HITS_MAX}, Window(10, HITS_MAX, 0, HITS_MAX)),
        ({"page": 10, "hitsPerPage": HITS_MAX}, Window(1, 1, 0, 0)),
        ({"offset": 900, "length": HITS_MAX}, Window(10, HITS_MAX, 0, HITS_MAX)),
        ({"offset": SEARCH_DEPTH_MAX, "length": 1}, Window(1, 1, 0, 0)),
        ({"offset": 90, "length": 10}, Window(10, 10, 0, 10)),
        ({"offset": 5, "length": 95}, Window(1, 100, 5, 100)),
        ({"offset": 20}, Window(2, 20, 0, 20)),
    ],
)
def test_pages_and_offsets_are_windows_as_deep_as_may_be(stated: dict[str, Any], window: Window) -> None:
    assert window_of(parameters(stated)) == window


def test_an_offset_that_no_page_begins_with_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="multiple of the length"):
        window_of(parameters({"offset": 6, "length": 95}))


def test_what_a_search_refuses_is_named() -> None:
    with pytest.raises(InvalidRequest, match="session"):
        search(userToken=" spaced ")


def test_names_of_indexes() -> None:
    sorts = {"relevance", "price_asc", "price_desc", "newest", "popularity"}
    assert set(parse_indexes(["shop"]).values()) == sorts
    assert parse_indexes(["a=relevance", "b=newest"]) == {"a": "relevance", "b": "newest"}
    many = [f"i{at}=newest" for at in range(INDEXES_MAX)]
    assert len(parse_indexes(many)) == INDEXES_MAX
    assert parse_indexes(["x" * NAME_CHARS_MAX])
    for wrong in ([], ["a=up"], ["=newest"], ["a*"], ["a/b"], [*many, "more=newest"], ["x" * (NAME_CHARS_MAX + 1)]):
        with pytest.raises(ValueError, match=r"index|sort"):
            parse_indexes(wrong)


def test_names_of_attributes() -> None:
    many = [f"n{at}=title" for at in range(NAMES_MAX)]
    assert len(parse_names(many)) == NAMES_MAX and parse_names([]) == {}
    for wrong in (["title"], ["a=b"], ["=title"], [*many, "more=title"]):
        with pytest.raises(ValueError, match="name"):
            parse_names(wrong)
