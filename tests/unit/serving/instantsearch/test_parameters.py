"""What a question says, as JSON or as a query string."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidRequest
from schemas.limits import FACET_VALUES_MAX, QUERY_CHARS_MAX
from serving.instantsearch.elsewhere import IGNORED, REFUSED
from serving.instantsearch.parameters import (
    LISTED_MAX,
    PARAMETERS_MAX,
    PARAMS_CHARS_MAX,
    TAG_CHARS_MAX,
    Parameters,
    chosen,
    from_text,
    parameters,
)


def test_both_forms_say_the_same() -> None:
    stated: dict[str, Any] = {
        "query": "a & b",
        "page": 2,
        "hitsPerPage": 5,
        "facets": ["brand", "price"],
        "facetFilters": [["brand:A", "brand:B"], "x:y"],
        "numericFilters": ["price>=5"],
        "clickAnalytics": True,
        "distinct": 2,
        "tagFilters": "",
        "analytics": False,
    }
    text = urlencode(
        {name: one if isinstance(one, str) else orjson.dumps(one).decode() for name, one in stated.items()}
    )
    beside = parameters({"indexName": "products", **stated})
    assert beside == parameters({"params": stated}) == parameters({"params": text})
    assert parameters({"params": beside.echoed()}) == beside
    assert (beside.page, beside.facet_filters, beside.distinct) == (2, [["brand:A", "brand:B"], "x:y"], 2)


def test_a_list_may_be_one_text_or_have_commas() -> None:
    assert parameters({"params": "facets=brand,price"}).facets == ["brand", "price"]
    assert parameters({"facets": "*"}).facets == ["*"]
    assert parameters({"facetFilters": "brand:A"}).facet_filters == ["brand:A"]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_would_find_other_products_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{name}: is not supported"):
        parameters({name: ["x"]})
    assert parameters({name: ""}) == Parameters()


@pytest.mark.parametrize("name", sorted(IGNORED))
def test_what_changes_only_ranks_is_taken_and_does_nothing(name: str) -> None:
    assert parameters({name: "x"}) == Parameters()


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"page": -1}, "page"),
        ({"page": "x"}, "page"),
        ({"facets": "[1"}, "facets"),
        ({"facets": [1]}, "facets"),
        ({"facetFilters": [[["deep"]]]}, "facetFilters"),
        ({"queryType": "x"}, "queryType"),
        ({"params": 3}, "params"),
        ({"query": "x" * (QUERY_CHARS_MAX + 1)}, "query"),
        ({"highlightPreTag": "x" * (TAG_CHARS_MAX + 1)}, "highlightPreTag"),
        ({"maxFacetHits": FACET_VALUES_MAX + 1}, "maxFacetHits"),
        ({"facets": ["x"] * (LISTED_MAX + 1)}, "facets"),
        ({"params": "a=1" + "x" * PARAMS_CHARS_MAX}, "params"),
        ({"params": "&".join(f"a{at}=1" for at in range(PARAMETERS_MAX + 1))}, "params"),
    ],
)
def test_what_is_wrong_is_named(stated: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest, match=field):
        parameters(stated)


def test_at_the_limits_all_is_taken() -> None:
    assert parameters({"query": "x" * QUERY_CHARS_MAX, "facets": ["x"] * LISTED_MAX, "maxFacetHits": FACET_VALUES_MAX})
    assert len(from_text("&".join(f"a{at}=1" for at in range(PARAMETERS_MAX)))) == PARAMETERS_MAX
    assert parameters({"highlightPreTag": "x" * TAG_CHARS_MAX})


@given(st.text())
def test_any_query_string_is_read_or_refused(text: str) -> None:
    with suppress(InvalidRequest):
        parameters({"params": text})


def test_attributes_are_chosen_by_name_by_star_and_not_by_minus() -> None:
    assert chosen(["*"], "a") and chosen(["a"], "a")
    assert not chosen(["*", "-a"], "a") and not chosen(["b"], "a") and not chosen([], "a")
