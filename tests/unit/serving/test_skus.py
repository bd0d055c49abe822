"""`GET /v1/skus/{sku}`: the product as it is served, or what is known of it."""

import pytest

from serving.routes.skus import EVENTS_MAX
from streams.partitioner import partition_of
from tests.unit.serving.fakes import FakeShard, Tier, hit, state


async def test_a_product_comes_from_the_partition_of_its_sku() -> None:
    sku = next(f"a/{number}" for number in range(100) if partition_of(f"a/{number}".encode(), 2) == 1)
    other = FakeShard(state(0))
    shard = FakeShard(state(1), skus={sku: {"hit": hit(sku, None).model_dump(mode="json"), "waiting": None}})
    async with Tier([[other], [shard]]) as tier:
        response = await tier.client.get(f"/v1/skus/{sku.replace('/', '%2F')}")
        assert response.status == 200
        found = await response.json()
        assert (found["sku"], found["hit"]["content_order"], found["state"]["partition"]) == (sku, [1, 1], 1)


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"hit": None, "deleted": True, "waiting": None}, "deleted"),
        ({"hit": None, "deleted": False, "waiting": "document"}, "waiting_for_encoder"),
        ({"hit": None, "deleted": False, "waiting": None}, "unknown_sku"),
    ],
)
async def test_what_is_not_served_says_what_is_known(known: dict[str, object], code: str) -> None:
    async with Tier([[FakeShard(skus={"a": known})]]) as tier:
        response = await tier.client.get("/v1/skus/a")
        assert response.status == 404
        problem = await response.json()
        assert (problem["code"], problem["deleted"], problem["waiting"]) == (code, known["deleted"], known["waiting"])
        assert problem["state"]["documents_offset"] == 10


async def test_a_sku_at_the_limit_and_beyond() -> None:
    async with Tier() as tier:
        assert (await tier.client.get("/v1/skus/" + "a" * 200)).status == 404
        assert (await tier.client.get("/v1/skus/" + "a" * 201)).status == 400


async def test_a_shard_that_is_away_is_a_503() -> None:
    async with Tier([[FakeShard(skus={"a": {"hit": "garbage"}})]]) as tier:
        response = await tier.client.get("/v1/skus/a")
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"


async def test_a_journey_of_at_most_so_many_events() -> None:
    async with Tier() as tier:
        for _ in range(2):
            await tier.client.patch("/v1/catalog/lamp-1", json={"stock": 1})
        told = await (await tier.client.get("/v1/skus/lamp-1/journey")).json()
        assert (told["sku"], told["partition"], told["complete"]) == ("lamp-1", 0, True)
        for limit, status in (("1", 200), (str(EVENTS_MAX), 200), ("0", 400), (str(EVENTS_MAX + 1), 400), ("x", 400)):
            assert (await tier.client.get(f"/v1/skus/lamp-1/journey?limit={limit}")).status == status
        assert (await tier.client.get("/v1/skus/" + "a" * 201 + "/journey")).status == 400
