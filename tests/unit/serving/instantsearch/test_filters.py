"""Conditions become filters that the shards know."""

from typing import Any

import pytest

from schemas.errors import InvalidRequest
from schemas.facets import parse_facets
from schemas.filters import NO_FILTERS
from schemas.instantsearch import parse_names
from serving.instantsearch.fields import Fields
from serving.instantsearch.filter_syntax import parse_filters
from serving.instantsearch.filters import filters_of

FIELDS = Fields(
    parse_names(["vendor=brand", "cat=category_levels"]), parse_facets(["colour:value", "watts:number", "new:value"])
)


def plain(text: str) -> Any:
    return filters_of([parse_filters(text)], FIELDS).model_dump(exclude_none=True)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("brand:Lumen", [{"brand": ["Lumen"]}]),
        ("vendor:Lumen OR brand:Orbit", [{"brand": ["Lumen", "Orbit"]}]),
        ("cat.lvl1:'Home > Lamps'", [{"category": [["Home", "Lamps"]]}]),
        (
            "hierarchicalCategories.lvl0:Home OR category:'Home > Lamps'",
            [{"category": [["Home"], ["Home", "Lamps"]]}],
        ),
        ("in_stock:true", [{"in_stock": True}]),
        ("in_stock = 0", [{"in_stock": False}]),
        ("price:5 TO 9.5", [{"price_min": 5.0, "price_max": 9.5}]),
        ("price >= -1", [{"price_min": 0.0}]),
        ("price:7", [{"price_min": 7.0, "price_max": 7.0}]),
        ("colour:red OR attributes.colour:blue", [{"attributes": {"colour": ["red", "blue"]}}]),
        ("new:true", [{"attributes": {"new": ["true", True]}}]),
        ("watts = 5", [{"attributes": {"watts": {"min": 5.0, "max": 5.0}}}]),
        ("watts:5", [{"attributes": {"watts": {"min": 5.0, "max": 5.0}}}]),
        ("NOT colour:red", [{"not": {"attributes": {"colour": ["red"]}}}]),
        (
            "brand:Lumen AND (colour:red OR watts > 5)",
            [{"brand": ["Lumen"]}, {"any": [{"attributes": {"colour": ["red"]}}, {"attributes": {"watts": ...}}]}],
        ),
        ("colour:red OR new:x", [{"any": [{"attributes": {"colour": ["red"]}}, {"attributes": {"new": ["x"]}}]}]),
        ("brand:a OR NOT brand:b", [{"any": [{"brand": ["a"]}, {"not": {"brand": ["b"]}}]}]),
    ],
)
def test_they_stand_in_all(text: str, means: list[Any]) -> None:
    found = plain(text)
    for part in found["all"][-1].get("any", []):
        if "watts" in part.get("attributes", {}):
            assert part["attributes"]["watts"]["min"] > 5
            part["attributes"]["watts"] = ...
    assert found == {"all": means}


def test_no_condition_is_no_filter() -> None:
    assert filters_of([None, None], FIELDS) == NO_FILTERS


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("size:5", "cannot be filtered by 'size'"),
        ("title:lamp", "cannot be filtered by 'title'"),
        ("in_stock:maybe", "true or false"),
        ("in_stock > 0", "no numbers"),
        ("colour > 3", "no numbers"),
        ("price:cheap", "holds numbers"),
        ("price <= -1", "greater than or equal to 0"),
        ("price:9 TO 5", "greater"),
        ("cat.lvl0:''", "value is missing"),
        (" OR ".join(f"(brand:a{at} AND colour:b)" for at in range(20)), "more than 50 filters"),
    ],
)
def test_what_cannot_be_filtered_by_is_refused(text: str, why: str) -> None:
    if why == "value is missing":
        assert plain(text)  # an empty value passes nothing, and is no mistake of form
        return
    with pytest.raises(InvalidRequest, match=why):
        plain(text)
