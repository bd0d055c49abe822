"""Who may do what, and what every answer carries."""

import pytest

from serving.app import ROUTES
from serving.middleware import KEY_HEADER
from tests.unit.serving.fakes import FakeReader, Tier

KEY = "a-long-admin-key"
KEYED = {
    ("POST", "/v1/catalog"),
    ("PATCH", "/v1/catalog/{sku}"),
    ("DELETE", "/v1/catalog/{sku}"),
    ("GET", "/v1/events/{id}"),
    ("GET", "/v1/status"),
    ("GET", "/v1/sessions/{id}"),
    ("DELETE", "/v1/sessions/{id}"),
    ("GET", "/v1/processes"),
    ("GET", "/v1/feed"),
    ("GET", "/metrics"),
}


def address(path: str) -> str:
    return (
        path.replace("{sku}", "a")
        .replace("{id}", "1-0-0")
        .replace("{file}", "base.css")
        .replace("{index}", "products")
        .replace("{facet}", "brand")
    )


def test_which_routes_need_the_key() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.keyed} == KEYED


@pytest.mark.parametrize("key", [None, "", "wrong", KEY[:-1], KEY + "x", KEY.upper(), "ключ"])
@pytest.mark.parametrize(("method", "path"), sorted(KEYED))
async def test_without_the_right_key_there_is_no_access(method: str, path: str, key: str | None) -> None:
    async with Tier(admin_key=KEY) as tier:
        headers = {KEY_HEADER: key} if key is not None else {}
        response = await tier.client.request(method, address(path), headers=headers, json={"stock": 1})
        assert (response.status, (await response.json())["code"]) == (401, "key_required")
        assert tier.log.begin_end("catalog", 0) == (0, 0)


@pytest.mark.parametrize(("method", "path"), sorted((route.method, route.path) for route in ROUTES))
async def test_with_the_key_every_route_answers(method: str, path: str) -> None:
    async with Tier(admin_key=KEY) as tier:
        bodies: dict[str, dict[str, object]] = {
            "POST /v1/catalog": {"type": "delete", "sku": "a"},
            "POST /v1/clicks": {"type": "view", "session": "s", "sku": "a"},
            "POST /v1/search": {"text": "lamp"},
            "POST /v1/suggest": {"text": "lam"},
            "PATCH /v1/catalog/{sku}": {"stock": 1},
            "POST /1/indexes/*/queries": {"requests": [{"indexName": "products"}]},
            "POST /1/indexes/{index}/query": {},
            "POST /1/indexes/{index}/facets/{facet}/query": {},
        }
        body = bodies.get(f"{method} {path}")
        tier.wiring.feed.close()  # or its answer would not end
        response = await tier.client.request(method, address(path), headers={KEY_HEADER: KEY}, json=body)
        assert response.status in (200, 202, 404)
        assert KEY not in str(tier.lines.lines)


async def test_shoppers_need_no_key() -> None:
    async with Tier(admin_key=KEY) as tier:
        await tier.search(text="lamp")
        for path in ("/", "/healthz", "/readyz", "/v1/freshness", "/openapi.json"):
            assert (await tier.client.get(path)).status == 200
        assert (await tier.client.get("/v1/skus/a")).status == 404


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/nope"), ("GET", "/healthz"), ("PUT", "/v1/search")]
)
async def test_every_answer_has_its_headers(method: str, path: str) -> None:
    async with Tier() as tier:
        response = await tier.client.request(method, path)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert response.headers["X-Request-Id"] == "r0"


async def test_a_request_id_is_taken_over_when_it_is_harmless() -> None:
    async with Tier() as tier:
        response = await tier.client.get("/healthz", headers={"X-Request-Id": "abc-1"})
        assert response.headers["X-Request-Id"] == "abc-1"
        response = await tier.client.get("/healthz", headers={"X-Request-Id": "x" * 65})
        assert response.headers["X-Request-Id"] != "x" * 65


async def test_unknown_routes_and_methods_are_problems() -> None:
    async with Tier() as tier:
        response = await tier.client.get("/v2/search")
        assert (response.status, response.content_type) == (404, "application/problem+json")
        assert (await response.json())["code"] == "unknown_route"
        response = await tier.client.get("/v1/search")
        assert (response.status, response.headers["Allow"]) == (405, "POST")
        assert (await response.json())["code"] == "method_not_allowed"


async def test_a_bug_is_a_500_without_its_inside_and_a_line_in_the_log() -> None:
    class Buggy(FakeReader):
        def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
            raise KeyError("secret inside")

    async with Tier(log=Buggy()) as tier:
        response = await tier.client.get("/v1/events/1-0-0")
        assert response.status == 500
        text = await response.text()
        assert ("unexpected" in text, "secret" in text) == (True, False)
        assert [(level, event) for level, event, _ in tier.lines.lines] == [("error", "request_failed")]
