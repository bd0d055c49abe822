"""Pages of other hosts: what they may ask, and that they may neither write products nor read what is the shop's own."""

import pytest

from serving.app import ROUTES
from serving.cross_origin import MAX_AGE_S, open_to_pages
from tests.unit.serving.fakes import FakeShard, Tier, hit
from tests.unit.serving.test_access import NEEDS, address

SHOP = {"Origin": "https://shop.example"}
ASKED = SHOP | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
OPEN = {
    "/v1/search",
    "/v1/suggest",
    "/v1/clicks",
    "/v1/skus/{sku}",
    "/v1/skus/{sku}/similar",
}


def test_what_is_open_to_pages() -> None:
    """A new route has to be put here, and so to be thought about."""
    found = {path for path in open_to_pages(ROUTES) if path.startswith("/v1/")}
    assert found == OPEN


@pytest.mark.parametrize("path", sorted({path for need in NEEDS.values() for _, path in need if path[:3] != "/1/"}))
async def test_a_preflight_is_answered_where_pages_may_ask(path: str) -> None:
    async with Tier() as tier:
        response = await tier.client.options(address(path), headers=ASKED)
        if path in OPEN:
            assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (204, "*")
            assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
            assert response.headers["Access-Control-Max-Age"] == str(MAX_AGE_S)
        else:
            assert response.status == 405 and "Access-Control-Allow-Origin" not in response.headers


async def test_answers_and_refusals_can_be_read_there() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]]) as tier:
        for body, status in (({"text": "lamp"}, 200), ({"text": 1}, 400)):
            response = await tier.client.post("/v1/search", json=body, headers=SHOP)
            assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (status, "*")
            assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        for response in (
            await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"}, headers=SHOP),
            await tier.client.get("/v1/skus/a/journey", headers=SHOP),
            await tier.client.get("/v1/status", headers=SHOP),
        ):
            assert "Access-Control-Allow-Origin" not in response.headers
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
