"""Products by their SKUs, and products like others, as Algolia's clients ask for them."""

from typing import Any

import orjson
import pytest

from serving.instantsearch.reading import OBJECTS_MAX
from serving.instantsearch.recommending import RECOMMENDED_MAX
from streams.partitioner import partition_of
from tests.unit.serving.fakes import FakeShard, Tier, hit, state


async def post(tier: Tier, what: str, *requests: dict[str, Any], status: int = 200) -> Any:
    body = orjson.dumps({"requests": [{"indexName": "products", **one} for one in requests]})
    response = await tier.client.post(f"/1/indexes/*/{what}", data=body, headers={"Content-Type": "text/plain"})
    assert response.status == status, await response.text()
    found = await response.json()
    return found["results"] if status == 200 else found


def two() -> list[list[FakeShard]]:
    """Two partitions with what belongs to them."""
    skus = [f"s{at}" for at in range(6)]
    return [
        [
            FakeShard(
                state(at),
                [hit(sku, 0.9 - 0.1 * skus.index(sku)) for sku in skus if partition_of(sku.encode(), 2) == at],
            )
        ]
        for at in range(2)
    ]


async def test_one_product() -> None:
    async with Tier(two()) as tier:
        response = await tier.client.get("/1/indexes/products/s1?attributesToRetrieve=name,brand")
        assert await response.json() == {"objectID": "s1", "name": "A lamp", "brand": "Lumen"}
        assert (await (await tier.client.get("/1/indexes/products/s1")).json())["price"] == 9.5
        for path, why in (("products/nope", "ObjectID does not exist"), ("other/s1", "Index other does not exist")):
            response = await tier.client.get(f"/1/indexes/{path}")
            found = await response.json()
            assert (response.status, found["status"], found["message"].startswith(why)) == (404, 404, True)


async def test_several_products_in_the_order_asked() -> None:
    async with Tier(two()) as tier:
        asked: list[dict[str, Any]] = [
            {"objectID": "s4", "attributesToRetrieve": ["name"]},
            {"objectID": "nope"},
            {"objectID": "s0"},
        ]
        first, missing, last = (await post(tier, "objects", *asked, {"objectID": "s0"}, {"objectID": ""}))[:3]
        assert (first, missing, last["objectID"]) == ({"objectID": "s4", "name": "A lamp"}, None, "s0")
        assert all(len(some) == len(set(some)) for [shard] in tier.replicas for some in shard.asked_hits)


async def test_as_many_products_as_may_be() -> None:
    async with Tier(two()) as tier:
        assert len(await post(tier, "objects", *[{"objectID": f"s{at}"} for at in range(OBJECTS_MAX)])) == OBJECTS_MAX
        assert max(len(some) for [shard] in tier.replicas for some in shard.asked_hits) <= 100
        await post(tier, "objects", *[{"objectID": "s0"}] * (OBJECTS_MAX + 1), status=400)


async def test_what_is_like_a_product_is_nearest_to_it() -> None:
    shards = two()
    home = shards[partition_of(b"s0", 2)][0]
    home.vectors = {"s0": [1.0, 0.0, 0.0, 0.0]}
    async with Tier(shards) as tier:
        asked = {"model": "related-products", "objectID": "s0", "queryParameters": {"filters": "brand:Lumen"}}
        [found, near, two_of, same] = await post(
            tier,
            "recommendations",
            asked,
            {**asked, "threshold": 75},
            {**asked, "maxRecommendations": 2},
            {**asked, "model": "looking-similar", "queryParameters": {"attributesToRetrieve": ["name"]}},
        )
        query = home.queries[0]
    assert [one["objectID"] for one in found["hits"]] == ["s1", "s2", "s3", "s4", "s5"]
    assert [one["_score"] for one in found["hits"]][:2] == [80.0, 70.0] and found["nbHits"] == 5
    assert query["vector"] and query["filters"]["all"] and query["limit"] == RECOMMENDED_MAX + 1
    assert [one["objectID"] for one in near["hits"]] == ["s1"]
    assert [one["objectID"] for one in two_of["hits"]] == ["s1", "s2"]
    assert same["hits"][0] == {"objectID": "s1", "name": "A lamp", "_score": 80.0}


def families() -> list[list[FakeShard]]:
    """s0 is of the family a as s1; s2 and s4 are of b, s3 and s5 of none."""
    shards = two()
    for [shard] in shards:
        shard.groups = {"s0": "a", "s1": "a", "s2": "b", "s4": "b"}
    home = shards[partition_of(b"s0", 2)][0]
    home.vectors = {"s0": [1.0, 0.0, 0.0, 0.0]}
    itself = hit("s0", None)
    itself = itself.model_copy(
        update={"content": itself.content.model_copy(update={"attributes": {"family": ["z", "a"]}})}
    )
    home.skus = {"s0": {"hit": itself.model_dump(mode="json")}}
    return shards


async def like_s0(tier: Tier, model: str) -> list[str]:
    [found] = await post(tier, "recommendations", {"model": model, "objectID": "s0"})
    assert found["freshet"]["degraded"] == []
    return [one["objectID"] for one in found["hits"]]


async def test_related_products_are_no_variants_but_what_looks_similar_may_be() -> None:
    shards = families()
    async with Tier(shards, facets=["family:value"], instantsearch_distinct="attributes.family") as tier:
        assert await like_s0(tier, "related-products") == ["s2", "s3", "s5"]
        assert await like_s0(tier, "looking-similar") == ["s1", "s2", "s3", "s4", "s5"]
    related, similar = shards[0][0].queries
    assert (related["group_by"], similar.get("group_by")) == ("attributes.family", None)
    assert related["depth"] > similar["depth"]


async def test_without_groups_both_are_the_same() -> None:
    async with Tier(families()) as tier:
        assert await like_s0(tier, "related-products") == await like_s0(tier, "looking-similar")


@pytest.mark.parametrize("model", ["bought-together", "trending-items", "trending-facets", "recommended-for-you"])
async def test_other_models_are_an_empty_list_and_a_notice(model: str) -> None:
    async with Tier(two()) as tier:
        [found] = await post(tier, "recommendations", {"model": model, "objectID": "s0"})
        assert (found["hits"], model in found["freshet"]["notice"]) == ([], True)


async def test_a_product_that_is_not_there_is_like_nothing() -> None:
    async with Tier(two()) as tier:
        [found] = await post(tier, "recommendations", {"model": "looking-similar", "objectID": "nope"})
        assert (found["hits"], found["nbHits"], found["freshet"]["degraded"]) == ([], 0, [])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"indexName": "other", "model": "looking-similar"}, 404),
        ({"objectID": "a"}, 400),
        ({"model": "looking-similar", "threshold": 101}, 400),
        ({"model": "looking-similar", "queryParameters": {"filters": "nope:1"}}, 400),
    ],
)
async def test_what_is_wrong_is_refused(asked: dict[str, Any], status: int) -> None:
    async with Tier(two()) as tier:
        await post(tier, "recommendations", asked, status=status)


async def test_settings_are_told_and_not_taken() -> None:
    async with Tier(facets=["colour:value"], instantsearch_distinct="brand") as tier:
        found = await (await tier.client.get("/1/indexes/products/settings")).json()
        assert found["attributesForFaceting"] == ["brand", "category", "in_stock", "price", "colour"]
        assert found["replicas"] == [
            "products_price_asc",
            "products_price_desc",
            "products_newest",
            "products_popularity",
        ]
        assert found["attributeForDistinct"] == "brand"
        response = await tier.client.put("/1/indexes/products/settings", data=b'{"ranking": ["asc(price)"]}')
        said = await response.json()
        assert (response.status, said["taskID"]) == (200, 0) and "nothing of it is taken" in said["freshet"]["notice"]
        assert (await tier.client.get("/1/indexes/other/settings")).status == 404
