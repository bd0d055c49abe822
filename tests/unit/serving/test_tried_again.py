"""What of a request would have to be another to bring a product to the first page, before a real shard."""

from pathlib import Path
from typing import Any

import pytest

from schemas.filters import Filters
from serving.tried_again import _without
from tests.unit.docs.small_shop import small_shop
from tests.unit.serving.fakes import Tier

CHAIR = {"price": 90.0, "brand": "Lumen", "colour": "red"}


async def told(tier: Tier, sku: str, asked: dict[str, Any]) -> dict[str, Any]:
    answer = await tier.search(**asked, explain=True, explain_sku=sku)
    found: dict[str, Any] = answer["explain"]["sku"]
    return found


async def rank(tier: Tier, sku: str, asked: dict[str, Any]) -> int | None:
    skus = [hit["sku"] for hit in (await tier.search(**asked))["hits"]]
    return skus.index(sku) + 1 if sku in skus else None


@pytest.mark.parametrize(
    ("asked", "setting", "says"),
    [
        ({"filters": {"price_max": 30}}, "filters", "with a price of up to 90 instead of 30"),
        ({"filters": {"price_min": 95, "price_max": 99}}, "filters", "with a price of at least 90 instead of 95"),
        ({"filters": {"price_max": 90, "currency": "USD"}}, "filters", "without the filter by price"),
        ({"filters": {"price_max": 30, "brand": ["Orbit"]}}, "filters", "without the filter by price, brand"),
        ({"filters": {"brand": ["Lumen"], "not": {"attributes": {"colour": ["red"]}}}}, "filters", "by not"),
        ({"filters": {"all": [{"brand": ["Lumen"]}, {"price_max": 30}]}}, "filters", "without the filter by all.1"),
        ({"text": "oak chair under 30"}, "understand", "without the filter by price that is read out of the query"),
    ],
)
async def test_a_filter_that_hides_it_is_left_out(
    tmp_path: Path, asked: dict[str, Any], setting: str, says: str
) -> None:
    async with small_shop(tmp_path) as tier:
        asked = {"text": "oak chair", "fallback": [], **asked}
        found = await told(tier, "chair", asked)
        change = found["smallest_change"]
        assert (found["stage"], change["setting"], change["rank"]) == ("filters", setting, 1)
        assert says in change["says"], found["tried"]
        assert await rank(tier, "chair", asked) is None
        assert await rank(tier, "chair", {**asked, setting: change["after"]}) == change["rank"]


async def test_a_price_of_the_query_and_one_of_the_filters_are_left_out_together(tmp_path: Path) -> None:
    async with small_shop(tmp_path) as tier:
        asked = {"text": "oak chair under 30", "filters": {"price_max": 40, "in_stock": True}, "fallback": []}
        change = (await told(tier, "chair", asked))["smallest_change"]
        assert (change["setting"], change["rank"]) == ("filters and understand", 1)
        assert change["after"]["filters"] == {"in_stock": True} and "prices" not in change["after"]["understand"]
        assert await rank(tier, "chair", {**asked, **change["after"]}) == 1


async def test_behind_the_first_page_another_way_to_search_is_tried(tmp_path: Path) -> None:
    async with small_shop(tmp_path) as tier:
        asked = {"text": "spot chair", "ranker": "none", "limit": 1, "fallback": []}
        for sku in ("lamp", "spot", "chair"):
            found = await told(tier, sku, asked)
            for one in found.get("tried", ()):
                assert one["rank"] == await rank(tier, sku, {**asked, "limit": 3, one["setting"]: one["after"]})
            if found["rank"] > 1:
                assert [one["after"] for one in found["tried"]] == ["words", "vector"]
                bring = [one for one in found["tried"] if one["rank"] == 1]
                assert found["smallest_change"] == (bring[0] if bring else None)


async def test_on_the_first_page_nothing_is_tried(tmp_path: Path) -> None:
    async with small_shop(tmp_path) as tier:
        assert "tried" not in await told(tier, "chair", {"text": "oak chair"})
        assert "tried" not in await told(tier, "nothing", {"text": "oak chair", "filters": {"price_max": 30}})


def test_conditions_are_taken_out_by_their_names() -> None:
    filters = Filters.model_validate(
        {"brand": ["a"], "price_max": 3, "all": [{"brand": ["b"]}, {"brand": ["c"]}], "any": [{"in_stock": True}]}
    )
    left = _without(filters, ["price", "all.0", "any"])
    assert left == Filters.model_validate({"brand": ["a"], "all": [{"brand": ["c"]}]})
    assert _without(filters, []) == filters
