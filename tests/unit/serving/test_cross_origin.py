"""Pages of other hosts: what they may ask, and that they may neither write products nor read what is the shop's own."""

from itertools import product

import pytest

from serving.app import ROUTES
from serving.cross_origin import MAX_AGE_S, open_to_pages
from serving.keys.access import KEY_HEADER
from tests.unit.serving.fakes import FakeShard, Tier, hit
from tests.unit.serving.test_access import KEY as ADMIN_KEY
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
            assert response.headers["Timing-Allow-Origin"] == response.headers["Access-Control-Expose-Headers"] == "*"
        for response in (
            await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"}, headers=SHOP),
            await tier.client.get("/v1/skus/a/journey", headers=SHOP),
            await tier.client.get("/v1/status", headers=SHOP),
        ):
            assert "Access-Control-Allow-Origin" not in response.headers
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_nothing_is_changed_by_a_page_of_another_site_without_a_key() -> None:
    """A browser sends a POST without a body at once, whoever asks it to."""
    routes = {(method, path) for need in NEEDS.values() for method, path in need if method != "GET"}
    closed = {(method, path) for method, path in routes if path not in open_to_pages(ROUTES)}
    assert ("POST", "/v1/dead-letters/{id}/resubmit") in closed and len(closed) > 10
    other_sites = (SHOP, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"})
    async with Tier() as tier:
        for (method, path), headers in product(closed, other_sites):
            response = await tier.client.request(method, address(path), headers=headers)
            assert (response.status, (await response.json())["code"]) == (403, "not_from_pages"), (method, path)


async def test_its_own_page_programs_and_who_has_a_key_may_change_things() -> None:
    url = "/v1/dead-letters/catalog-0-0/resubmit"
    async with Tier() as tier:
        own = f"http://{tier.client.server.host}:{tier.client.server.port}"
        for headers in ({}, {"Origin": own}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
            assert (await tier.client.post(url, headers=headers)).status == 404
    async with Tier(admin_key=ADMIN_KEY) as tier:
        assert (await tier.client.post(url, headers=SHOP | {KEY_HEADER: ADMIN_KEY})).status == 404
