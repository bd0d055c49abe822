"""Filters as a request writes them: a small tree of conditions within limits."""

import json
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from schemas.filters import Filters
from schemas.limits import FACET_TEXT_CHARS_MAX, FACETS_MAX, FILTER_DEPTH_MAX, FILTER_NODES_MAX, FILTER_VALUES_MAX
from schemas.search import SearchRequest
from schemas.shard_messages import ShardQuery
from tests.unit.index_snapshots.drawing import filters


def nested(depth: int, word: str) -> dict[str, Any]:
    inner: dict[str, Any] = {"brand": ["x"]}
    for _ in range(depth - 1):
        inner = {word: inner if word == "not" else [inner]}
    return inner


def refused(asked: object) -> tuple[str, str]:
    """(field, problem) of the first."""
    with pytest.raises(ValidationError) as caught:
        SearchRequest.model_validate_json(json.dumps({"filters": asked}))
    first = caught.value.errors()[0]
    return ".".join(map(str, first["loc"])), first["msg"]


@pytest.mark.parametrize(
    ("field", "most", "build"),
    [
        ("filters", FILTER_DEPTH_MAX, lambda n: nested(n, "not")),
        ("filters", FILTER_DEPTH_MAX, lambda n: nested(n, "any")),
        ("filters", FILTER_NODES_MAX, lambda n: {"all": [{}] * (n - 1)}),
        ("filters", FILTER_NODES_MAX, lambda n: {"any": [{"not": {}}] * ((n - 1) // 2) + [{}] * ((n - 1) % 2)}),
        ("filters.attributes.a.values", FILTER_VALUES_MAX, lambda n: {"attributes": {"a": ["x"] * n}}),
        ("filters.attributes.a.values.0", FACET_TEXT_CHARS_MAX, lambda n: {"attributes": {"a": ["x" * n]}}),
        ("filters.attributes", FACETS_MAX, lambda n: {"attributes": {f"a{i}": [True] for i in range(n)}}),
    ],
)
def test_limits_at_n_and_one_more(field: str, most: int, build: Any) -> None:
    SearchRequest.model_validate_json(json.dumps({"filters": build(most)}))
    assert refused(build(most + 1))[0] == field


@pytest.mark.parametrize("depth", [100, 5_000, 100_000])
def test_a_very_deep_tree_is_refused_like_any_other(depth: int) -> None:
    for word, begin, end in (("not", "", ""), ("any", "[", "]")):
        body = f'{{"filters":{f"{{{json.dumps(word)}:{begin}" * depth}{{}}{f"{end}}}" * depth}}}'
        with pytest.raises(ValidationError):
            SearchRequest.model_validate_json(body)


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"attributes": {"a": [7]}}, "filters.attributes.a.values.0", "numbers are asked for as {min, max}"),
        ({"attributes": {"a": [None]}}, "filters.attributes.a.values.0", "must be a text, true or false"),
        ({"attributes": {"a": "red"}}, "filters.attributes.a", "list of values, or an object with min, max"),
        ({"attributes": {"a": []}}, "filters.attributes.a.values", "at least 1"),
        ({"attributes": {"a": {}}}, "filters.attributes.a.range", "min, max or both"),
        ({"attributes": {"a": {"min": 2, "max": 1}}}, "filters.attributes.a.range", "min is greater than max"),
        ({"attributes": {"a": {"min": "1"}}}, "filters.attributes.a.range.min", "number"),
        ({"attributes": {}}, "filters.attributes", "at least 1"),
        ({"any": []}, "filters.any", "at least 1"),
        ({"all": {}}, "filters.all", "array"),
        ({"not": [{}]}, "filters.not", "object"),
        ({"not_": {}}, "filters.not_", "Extra"),
        ({"any": [{"nope": 1}]}, "filters.any.0.nope", "Extra"),
    ],
)
def test_what_is_wrong_is_named(asked: object, field: str, words: str) -> None:
    found, problem = refused(asked)
    assert found == field and words in problem


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-1e999"])
def test_a_range_ends_at_finite_numbers(number: str) -> None:
    with pytest.raises(ValidationError):
        SearchRequest.model_validate_json(f'{{"filters": {{"attributes": {{"a": {{"max": {number}}}}}}}}}')


@given(filters)
def test_filters_reach_a_shard_as_they_were_asked(asked: Filters) -> None:
    query = ShardQuery(partition=0, limit=1, budget_ms=1, filters=asked)
    assert ShardQuery.model_validate_json(query.model_dump_json()).filters == asked
    assert ShardQuery.model_validate(query.model_dump()).filters == asked
    assert asked.empty == (asked.model_dump_json(exclude_none=True) == "{}")
