"""Variants of one thing take no more places than they should, by relevance and sorted, over several shards."""

from typing import Any

import pytest

from schemas.fusion import DEPTH
from schemas.grouping import GROUP_DEEPER, GROUP_LIMIT_MAX, first_of_each
from schemas.limits import SEARCH_DEPTH_MAX
from tests.unit.serving.fakes import FakeShard, Tier, hit, state

BY: dict[str, Any] = {"group_by": "attributes.tenant"}


def shop() -> list[list[FakeShard]]:
    """By relevance a1, b1, a2, alone, a3."""
    first = FakeShard(state(0), [hit("a1", 0.9, 5), hit("a2", 0.7, 4)], groups={"a1": "a", "a2": "a"})
    others = [hit("b1", 0.8, 3), hit("alone", 0.6, 2), hit("a3", 0.5, 1)]
    return [[first], [FakeShard(state(1), others, groups={"b1": "b", "a3": "a"})]]


def skus(answer: dict[str, Any]) -> list[str]:
    return [item["sku"] for item in answer["hits"]]


async def test_so_many_of_each_group_are_shown() -> None:
    shards = shop()
    async with Tier(shards, facets=["tenant:value"]) as tier:
        answer = await tier.search(text="lamp", **BY)
        assert [(item["sku"], item["group"]) for item in answer["hits"]] == [("a1", "a"), ("b1", "b"), ("alone", None)]
        assert answer["found"] == 5, "products, not groups"
        assert shards[0][0].queries[0]["depth"] == DEPTH * GROUP_DEEPER
        assert shards[0][0].asked_words[0]["limit"] == DEPTH * GROUP_DEEPER
        assert skus(await tier.search(text="lamp", **BY, group_limit=2)) == ["a1", "b1", "a2", "alone"]
        pages = [skus(await tier.search(text="lamp", **BY, limit=2, page=page)) for page in (1, 2, 3)]
        assert pages == [["a1", "b1"], ["alone"], []]


async def test_without_text_all_that_match_are_grouped() -> None:
    shards = shop()
    async with Tier(shards, facets=["tenant:value"]) as tier:
        assert skus(await tier.search(**BY)) == ["a1", "b1", "alone"]
        asked = shards[0][0].queries[0]
        assert (asked["sort"], asked["group_by"], asked["group_limit"]) == ("newest", "attributes.tenant", 1)
        assert skus(await tier.search(**BY, sort="price_asc")) == ["a1", "alone", "b1"]


async def test_candidates_are_looked_at_no_deeper_than_there_are_pages() -> None:
    shards = shop()
    async with Tier(shards, facets=["tenant:value"]) as tier:
        await tier.search(text="lamp", **BY, limit=100, page=10)
        assert shards[0][0].queries[0]["depth"] == SEARCH_DEPTH_MAX


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"group_by": "attributes.size"}, "undeclared_attribute"),
        ({"group_by": "attributes.watts"}, "wrong_attribute_kind"),
        ({"group_by": "price"}, "invalid_request"),
        ({"group_by": "brand", "group_limit": GROUP_LIMIT_MAX + 1}, "invalid_request"),
        ({"group_by": "brand", "group_limit": 0}, "invalid_request"),
    ],
)
async def test_what_cannot_be_grouped_by_is_refused(asked: dict[str, Any], code: str) -> None:
    async with Tier(shop(), facets=["watts:number"]) as tier:
        assert (await tier.client.post("/v1/search", json={"group_by": "brand", "group_limit": 10})).status == 200
        response = await tier.client.post("/v1/search", json=asked)
        assert (response.status, (await response.json())["code"]) == (400, code)


def test_true_and_its_name_are_different_groups() -> None:
    groups: dict[str, Any] = {"a": True, "b": "True", "c": True, "d": None, "e": None}
    assert first_of_each("abcde", groups.get, 1) == ["a", "b", "d", "e"]
