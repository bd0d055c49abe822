"""Each parameter that docs/instantsearch.md calls supported or different is asked of a real shard, and does it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.unit.docs.small_shop import small_shop
from tests.unit.docs.test_instantsearch_page import named, rows

Check = Callable[[Any], bool]


def found(*skus: str) -> Check:
    return lambda said: sorted(hit["objectID"] for hit in said["hits"]) == sorted(skus)


def first(said: Any) -> Any:
    return said["hits"][0]


ALL = ("lamp", "spot", "chair")
EXAMPLES: Mapping[str, tuple[dict[str, Any], Check]] = {
    "query": ({"query": "oak"}, found("chair")),
    "page": ({"hitsPerPage": 1, "page": 1}, lambda said: (said["page"], len(said["hits"])) == (1, 1)),
    "hitsPerPage": ({"hitsPerPage": 2}, lambda said: (said["nbPages"], len(said["hits"])) == (2, 2)),
    "offset": ({"offset": 1, "length": 1}, lambda said: (said["offset"], len(said["hits"])) == (1, 1)),
    "length": ({"offset": 2, "length": 2}, lambda said: len(said["hits"]) == 1),
    "queryType": ({"query": "bra", "queryType": "prefixLast"}, found("lamp", "spot")),
    "filters": ({"filters": "brand:Orbit OR price < 30"}, found("spot", "lamp")),
    "facetFilters": ({"facetFilters": ["brand:Lumen", "colour:-red"]}, found("lamp")),
    "numericFilters": ({"numericFilters": ["price:10 TO 60", "watts>=10"]}, found("spot")),
    "tagFilters": ({"tagFilters": ""}, found(*ALL)),
    "facets": ({"facets": ["brand"]}, lambda said: said["facets"] == {"brand": {"Lumen": 2, "Orbit": 1}}),
    "maxValuesPerFacet": (
        {"facets": ["colour"], "maxValuesPerFacet": 1},
        lambda said: said["facets"] == {"colour": {"red": 2}},
    ),
    "sortFacetValuesBy": (
        {"facets": ["colour"], "sortFacetValuesBy": "alpha"},
        lambda said: list(said["facets"]["colour"]) == ["green", "red"],
    ),
    "distinct": ({"distinct": True}, lambda said: (len(said["hits"]), said["nbHits"]) == (2, 3)),
    "attributesToRetrieve": (
        {"attributesToRetrieve": ["brand"]},
        lambda said: all({*hit} == {"objectID", "brand", "_highlightResult"} for hit in said["hits"]),
    ),
    "responseFields": ({"responseFields": ["nbHits"]}, lambda said: {*said} == {"index", "nbHits"}),
    "attributesToHighlight": (
        {"query": "oak", "attributesToHighlight": ["title"]},
        lambda said: first(said)["_highlightResult"]["title"]["value"] == "<em>Oak</em> chair",
    ),
    "attributesToSnippet": (
        {"query": "spot", "attributesToSnippet": ["title:1"], "snippetEllipsisText": "..."},
        lambda said: "<em>spot</em>" in first(said)["_snippetResult"]["title"]["value"],
    ),
    "highlightPreTag": (
        {"query": "oak", "highlightPreTag": "<b>"},
        lambda said: first(said)["_highlightResult"]["title"]["value"] == "<b>Oak</em> chair",
    ),
    "highlightPostTag": (
        {"query": "oak", "highlightPostTag": "</b>"},
        lambda said: first(said)["_highlightResult"]["title"]["value"] == "<em>Oak</b> chair",
    ),
    "snippetEllipsisText": (
        {"query": "spot", "attributesToSnippet": ["title:1"], "snippetEllipsisText": "~"},
        lambda said: "~" in first(said)["_snippetResult"]["title"]["value"],
    ),
    "clickAnalytics": ({"clickAnalytics": True}, lambda said: bool(said["queryID"])),
    "userToken": ({"userToken": "someone"}, found(*ALL)),
    "enablePersonalization": ({"enablePersonalization": False}, found(*ALL)),
    "queryLanguages": ({"query": "oak", "queryLanguages": ["en"]}, found("chair")),
    "naturalLanguages": ({"query": "oak", "naturalLanguages": ["en"]}, found("chair")),
    "typoTolerance": ({"query": "brasz", "typoTolerance": False}, lambda said: said["freshet"]["corrected"] is None),
    "synonyms": ({"query": "oak", "synonyms": False}, found("chair")),
    "mode": ({"query": "oak", "mode": "keywordSearch"}, found("chair")),
    "facet": (
        {"type": "facet", "facet": "brand", "facetQuery": ""},
        lambda said: [one["value"] for one in said["facetHits"]] == ["Lumen", "Orbit"],
    ),
    "facetQuery": (
        {"type": "facet", "facet": "brand", "facetQuery": "or"},
        lambda said: [one["highlighted"] for one in said["facetHits"]] == ["<em>Or</em>bit"],
    ),
    "maxFacetHits": (
        {"type": "facet", "facet": "brand", "facetQuery": "", "maxFacetHits": 1},
        lambda said: len(said["facetHits"]) == 1,
    ),
}
"""By the parameter: a question with it, and what the answer must be."""


def test_each_has_an_example() -> None:
    told = [names for names, state, _ in rows("Questions") if state != "not supported"]
    assert set().union(*map(named, told)) == set(EXAMPLES)


async def test_each_does_what_it_says(tmp_path: Path) -> None:
    wrong = {}
    async with small_shop(tmp_path) as tier:
        for name, (asked, right) in EXAMPLES.items():
            body = {"requests": [{"indexName": "products", "mode": "keywordSearch", **asked}]}
            response = await tier.client.post("/1/indexes/*/queries", json=body)
            said = await response.json()
            if response.status != 200 or not right(said["results"][0]):
                wrong[name] = said
    assert wrong == {}
