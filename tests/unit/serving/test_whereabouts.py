"""`explain_sku`: where a product is, or at which stage of the search it fell out."""

from typing import Any

import pytest

from schemas.limits import SKU_CHARS_MAX
from tests.unit.serving.fakes import FakeShard, Tier, hit, state


def shop() -> FakeShard:
    return FakeShard(state(0), [hit(sku, 0.9 - at / 10) for at, sku in enumerate("abc")], words={"a": 5.0, "c": 2.0})


async def told(tier: Tier, sku: str, **body: Any) -> dict[str, Any]:
    answer = await tier.search(text="lamp", explain=True, explain_sku=sku, **body)
    found: dict[str, Any] = answer["explain"]["sku"]
    assert (found["sku"], found["partition"], answer["degraded"]) == (sku, 0, [])
    return found


@pytest.mark.parametrize(
    ("sku", "page", "stage", "rank"),
    [("a", 1, "shown", 1), ("c", 1, "paging", 3), ("c", 2, "shown", 3), ("a", 2, "paging", 1)],
)
async def test_among_the_hits(sku: str, page: int, stage: str, rank: int) -> None:
    shard = shop()
    async with Tier([[shard]]) as tier:
        found = await told(tier, sku, limit=2, page=page)
        assert (found["stage"], found["rank"]) == (stage, rank) and shard.asked_where == []


async def test_behind_the_first_page_it_tells_what_is_missing() -> None:
    async with Tier([[shop()]]) as tier:
        found = await told(tier, "c", limit=1)
        assert found["rank_score"] < found["score_of_first_page"] and found["smallest_change"] is None
        assert found["features"]["relevance"] < 1


async def test_behind_the_first_hit_it_tells_what_that_has_more() -> None:
    async with Tier([[shop()]]) as tier:
        found = await told(tier, "b", limit=3)
        assert found["rank_score"] < found["score_of_first"] and "smallest_change" in found
        assert "score_of_first" not in await told(tier, "a", limit=3)


@pytest.mark.parametrize(
    ("where", "stage", "says"),
    [
        ({"live": "deleted"}, "not live", "it is not shown: deleted"),
        ({"live": "waiting for its document"}, "not live", "it is not shown: waiting for its document"),
        (
            {"live": "shown", "conditions": {"brand": True, "price": False, "attributes.colour": False}},
            "filters",
            "it does not pass the filter by price, attributes.colour",
        ),
        (
            {"live": "shown", "meaning": {"score": 0.1, "rank": 140}, "words": {"score": None, "rank": None}},
            "candidates",
            "it is not among the best 100 of its partition: by meaning it is number 140, it holds none of the words",
        ),
        (
            {"live": "shown", "meaning": {"score": 0.01, "rank": None}},
            "candidates",
            "it is not among the best 100 of its partition: by meaning it is beyond number 1,000",
        ),
        ({"live": "shown"}, "newest", "nothing was searched for, and newer products come first"),
    ],
)
async def test_where_it_fell_out(where: dict[str, Any], stage: str, says: str) -> None:
    shard = shop()
    shard.where = where
    async with Tier([[shard]]) as tier:
        found = await told(tier, "x", filters={"price_max": 5.0})
        assert (found["stage"], found["says"]) == (stage, says)
        assert (stage == "not live") is ("hint" in found)
        [asked] = shard.asked_where
        assert (asked["sku"], asked["words"]["text"], asked["filters"]["price_max"]) == ("x", "lamp", 5.0)
        assert asked["vector"] == shard.queries[0]["vector"]
        if stage == "candidates":
            assert found["last"] == {"meaning": pytest.approx(0.7), "words": 2.0}
            assert [(one["after"], one["rank"]) for one in found["tried"]] == [("words", None), ("vector", None)]
            assert found["smallest_change"] is None


async def test_a_shard_that_does_not_tell_leaves_the_answer_whole() -> None:
    shard = shop()
    shard.where = {"live": "somewhere"}
    async with Tier([[shard]]) as tier:
        assert (await told(tier, "x"))["stage"] == "unknown"


@pytest.mark.parametrize(("chars", "status"), [(SKU_CHARS_MAX, 200), (SKU_CHARS_MAX + 1, 400)])
async def test_the_length_of_the_sku_is_limited(chars: int, status: int) -> None:
    async with Tier([[shop()]]) as tier:
        response = await tier.client.post("/v1/search", json={"explain": True, "explain_sku": "x" * chars})
        assert response.status == status
