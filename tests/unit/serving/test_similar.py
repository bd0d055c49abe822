"""`GET /v1/skus/{sku}/similar`: the nearest products first, without the product itself."""

from typing import Any

from aiohttp import web

from serving.routes.similar import SIMILAR_MAX
from tests.unit.serving.fakes import FakeShard, Tier, hit, state

LAMP = hit("lamp", None).model_dump(mode="json")
NEAR = [hit("lamp", 1.0), hit("light", 0.9), hit("shade", 0.4)]


def a_shop() -> FakeShard:
    return FakeShard(state(0), hits=NEAR, skus={"lamp": {"hit": LAMP}}, vectors={"lamp": [1.0, 0.0]})


async def failing() -> web.Response:
    return web.Response(status=500)


async def similar(tier: Tier, sku: str, limit: str = "8") -> tuple[int, dict[str, Any]]:
    response = await tier.client.get(f"/v1/skus/{sku}/similar?limit={limit}")
    return response.status, await response.json()


async def test_the_nearest_come_first_and_never_the_product_itself() -> None:
    async with Tier([[a_shop()]]) as tier:
        status, told = await similar(tier, "lamp")
        assert (status, told["sku"], [one["sku"] for one in told["hits"]]) == (200, "lamp", ["light", "shade"])
        assert [one["score"] for one in told["hits"]] == [0.9, 0.4] and told["degraded"] == []
        assert [one["sku"] for one in (await similar(tier, "lamp", "1"))[1]["hits"]] == ["light"]


async def test_as_many_as_asked_for_up_to_a_limit() -> None:
    async with Tier([[a_shop()]]) as tier:
        for limit, status in (("1", 200), (str(SIMILAR_MAX), 200), ("0", 400), (str(SIMILAR_MAX + 1), 400), ("x", 400)):
            assert (await similar(tier, "lamp", limit))[0] == status


async def test_of_a_product_that_is_not_there_it_says_what_is_known() -> None:
    async with Tier([[a_shop()]]) as tier:
        status, problem = await similar(tier, "ghost")
        assert (status, problem["code"]) == (404, "unknown_sku")


async def test_without_its_vector_there_are_none_and_a_shard_that_fails_is_named() -> None:
    shop = a_shop()
    async with Tier([[shop]]) as tier:
        shop.vectors.clear()
        assert [(told["hits"], told["degraded"]) for _, told in [await similar(tier, "lamp")]] == [([], [])]
        shop.behave = failing
        status, told = await similar(tier, "lamp")
        assert (status, told["hits"], told["degraded"]) == (200, [], ["shard-0"])
