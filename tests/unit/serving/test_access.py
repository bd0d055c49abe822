"""Who may do what, and what every answer carries."""

from itertools import product

import pytest
from aiohttp.test_utils import TestClient

from schemas.keys import SCOPES, Scope, StoredKey
from serving.app import ROUTES
from serving.keys.access import KEY_HEADER
from serving.keys.grant import Need
from serving.keys.minting import hash_of, new_key
from tests.unit.serving.fakes import FakeReader, Tier

KEY = "a-long-admin-key"
NEEDS: dict[Need, set[tuple[str, str]]] = {
    "search": {
        ("POST", "/v1/search"),
        ("GET", "/v1/suggest"),
        ("POST", "/v1/suggest"),
        ("GET", "/v1/skus/{sku}"),
        ("GET", "/v1/skus/{sku}/similar"),
        ("POST", "/1/indexes/*/queries"),
        ("POST", "/1/indexes/{index}/query"),
        ("POST", "/1/indexes/{index}/facets/{facet}/query"),
        ("POST", "/1/indexes/*/objects"),
        ("POST", "/1/indexes/*/recommendations"),
        ("GET", "/1/indexes/{index}/{objectID}"),
    },
    "events": {("POST", "/v1/clicks"), ("POST", "/1/events")},
    "ingest": {
        ("POST", "/v1/catalog"),
        ("PATCH", "/v1/catalog/{sku}"),
        ("DELETE", "/v1/catalog/{sku}"),
        ("GET", "/v1/events/{id}"),
        ("GET", "/v1/skus/{sku}/journey"),
        ("GET", "/v1/stuck"),
        ("GET", "/v1/dead-letters"),
        ("GET", "/v1/dead-letters/{id}"),
        ("POST", "/v1/dead-letters/{id}/resubmit"),
        ("PUT", "/1/indexes/{index}/settings"),
        ("POST", "/1/indexes/*/batch"),
        ("POST", "/1/indexes/{index}/batch"),
        ("POST", "/1/indexes/{index}"),
        ("PUT", "/1/indexes/{index}/{objectID}"),
        ("POST", "/1/indexes/{index}/{objectID}/partial"),
        ("DELETE", "/1/indexes/{index}/{objectID}"),
        ("GET", "/1/indexes/{index}/task/{taskID}"),
    },
    "admin": {
        ("GET", "/v1/status"),
        ("POST", "/v1/dead-letters/resubmit"),
        ("GET", "/v1/timeline"),
        ("GET", "/v1/answers"),
        ("GET", "/v1/events"),
        ("POST", "/v1/answers/{id}/replay"),
        ("POST", "/v1/answers/bundle"),
        ("GET", "/v1/sessions/{id}"),
        ("DELETE", "/v1/sessions/{id}"),
        ("GET", "/v1/processes"),
        ("GET", "/v1/feed"),
        ("GET", "/metrics"),
    },
    "any": {("GET", "/v1/freshness"), ("GET", "/1/indexes/{index}/settings")},
    "public": {
        ("GET", "/"),
        ("GET", "/shop"),
        ("GET", "/why"),
        ("GET", "/incident"),
        ("GET", "/instantsearch"),
        ("GET", "/dead-letters"),
        ("GET", "/page/{file}"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/docs/{name}"),
        ("GET", "/docs/screenshots/{file}"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
    },
}
CLOSED = sorted(place for need in NEEDS if need != "public" for place in NEEDS[need])
LOCKED = sorted(NEEDS["ingest"] | NEEDS["admin"])
BODIES: dict[str, dict[str, object]] = {
    "POST /v1/catalog": {"type": "delete", "sku": "a"},
    "POST /v1/dead-letters/resubmit": {"dry_run": True},
    "POST /v1/answers/{id}/replay": {},
    "POST /v1/answers/bundle": {"answers": [{"request_id": "a"}]},
    "POST /v1/clicks": {"type": "view", "session": "s", "sku": "a"},
    "POST /v1/search": {"text": "lamp"},
    "POST /v1/suggest": {"text": "lam"},
    "PATCH /v1/catalog/{sku}": {"stock": 1},
    "POST /1/indexes/*/queries": {"requests": [{"indexName": "products"}]},
    "POST /1/indexes/{index}/query": {},
    "POST /1/indexes/{index}/facets/{facet}/query": {},
    "POST /1/indexes/*/objects": {"requests": []},
    "POST /1/indexes/*/recommendations": {"requests": []},
    "POST /1/events": {"events": []},
    "POST /1/indexes/*/batch": {"requests": []},
    "POST /1/indexes/{index}/batch": {"requests": []},
    "POST /1/indexes/{index}": {"name": "Lamp"},
    "PUT /1/indexes/{index}/{objectID}": {"name": "Lamp"},
    "POST /1/indexes/{index}/{objectID}/partial": {"stock": 1},
}


def address(path: str) -> str:
    return (
        path.replace("{sku}", "a")
        .replace("{id}", "1-0-0")
        .replace("{file}", "base.css")
        .replace("{name}", "api")
        .replace("{index}", "products")
        .replace("{facet}", "brand")
        .replace("{objectID}", "a")
        .replace("{taskID}", "1")
    )


async def status(client: TestClient, method: str, path: str, key: str | None) -> tuple[int, str]:  # type: ignore[type-arg]
    """And the code of a problem."""
    headers = {KEY_HEADER: key} if key is not None else {}
    response = await client.request(method, address(path), headers=headers, json=BODIES.get(f"{method} {path}"))
    said = await response.json() if response.content_type.endswith("json") else {}
    return response.status, said.get("code", "") if response.status >= 400 else ""


def stored(key: str, *scopes: Scope, **more: object) -> StoredKey:
    given = {"id": key[3:11], "name": "a key", "sha256": hash_of(key), "scopes": list(scopes), "created_ms": 0}
    return StoredKey.model_validate(given | more)


def test_what_each_route_needs() -> None:
    """A new route has to be put into this table, and so to be thought about."""
    found: dict[Need, set[tuple[str, str]]] = {}
    for route in ROUTES:
        found.setdefault(route.scope, set()).add((route.method, route.path))
    assert found == NEEDS


@pytest.mark.parametrize("key", [None, "", "wrong", KEY[:-1], KEY + "x", KEY.upper(), "ключ", "x" * 5_000])
async def test_where_keys_are_required_nothing_is_open_without_a_known_one(key: str | None) -> None:
    async with Tier(admin_key=KEY, keys_required="yes") as tier:
        for method, path in CLOSED:
            code = "key_unknown" if key else "key_required"
            assert await status(tier.client, method, path, key) == (401, code), (method, path)
        assert tier.log.begin_end("catalog", 0) == tier.log.begin_end("clicks", 0) == (0, 0)
        assert tier.replicas[0][0].queries == []
        for method, path in sorted(NEEDS["public"]):
            assert (await status(tier.client, method, path, key))[0] in (200, 404), (method, path)


async def test_an_expired_or_revoked_key_opens_nothing() -> None:
    ended, revoked = new_key("ended000"), new_key("revoked0")
    async with Tier(keys_required="yes") as tier:
        now_ms = tier.wiring.wall_ms()
        keys = stored(ended, *SCOPES, expires_ms=now_ms), stored(revoked, *SCOPES, revoked_ms=now_ms)
        tier.wiring.access.ring.use(keys)
        for method, path in CLOSED:
            assert await status(tier.client, method, path, ended) == (401, "key_expired"), (method, path)
            assert await status(tier.client, method, path, revoked) == (401, "key_revoked"), (method, path)
        tier.wiring.access.ring.use([stored(ended, *SCOPES, expires_ms=now_ms + 1)])
        assert (await status(tier.client, "GET", "/v1/status", ended))[0] == 200


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_key_opens_the_routes_of_its_scope_and_no_other(scope: Scope) -> None:
    key = new_key("onescope")
    async with Tier(keys_required="yes") as tier:
        tier.wiring.access.ring.use([stored(key, scope)])
        tier.wiring.feed.close()  # or its answer would not end
        for need, (method, path) in ((need, place) for need, places in NEEDS.items() for place in sorted(places)):
            allowed = scope == "admin" or need in (scope, "any", "public")
            found, code = await status(tier.client, method, path, key)
            if allowed:
                assert found in (200, 201, 202, 404), (method, path, code)
            else:
                assert (found, code) == (403, "scope_missing"), (method, path)


@pytest.mark.parametrize(("method", "path"), sorted((route.method, route.path) for route in ROUTES))
async def test_with_the_admin_key_every_route_answers(method: str, path: str) -> None:
    async with Tier(admin_key=KEY, keys_required="yes") as tier:
        tier.wiring.feed.close()  # or its answer would not end
        assert (await status(tier.client, method, path, KEY))[0] in (200, 201, 202, 404)
        assert KEY not in str(tier.lines.lines)


async def test_on_loopback_shoppers_need_no_key_and_others_do_once_there_is_one() -> None:
    writer, shopper = new_key("writer00"), new_key("shopper0")
    async with Tier() as tier:
        ring = tier.wiring.access.ring
        tier.wiring.feed.close()
        assert (await status(tier.client, "GET", "/v1/status", None))[0] == 200
        ring.use([stored(shopper, "search")])
        assert (await status(tier.client, "GET", "/v1/status", None))[0] == 200
        for ended in ({}, {"revoked_ms": 1}, {"expires_ms": 1}):
            ring.use([stored(writer, "ingest", **ended)])
            for method, path in LOCKED:
                assert await status(tier.client, method, path, None) == (401, "key_required")
            for method, path in CLOSED:
                if (method, path) not in LOCKED:
                    assert (await status(tier.client, method, path, None))[0] in (200, 201, 202, 404)
                    assert (await status(tier.client, method, path, "anything"))[0] in (200, 201, 202, 404)
    async with Tier(admin_key=KEY) as tier:
        assert await status(tier.client, "GET", "/v1/status", None) == (401, "key_required")
        assert (await status(tier.client, "POST", "/v1/search", None))[0] == 200


@pytest.mark.parametrize(("host", "setting"), [*product(("127.0.0.1", "0.0.0.0"), ("auto", "yes", "no"))])
async def test_where_keys_are_required(host: str, setting: str) -> None:
    async with Tier(admin_key=KEY, host=host, keys_required=setting) as tier:
        required = setting == "yes" or (setting == "auto" and host == "0.0.0.0")
        assert (await status(tier.client, "POST", "/v1/search", None))[0] == (401 if required else 200)


async def test_a_key_may_be_sent_in_several_ways() -> None:
    async with Tier(admin_key=KEY) as tier:
        ways: list[dict[str, dict[str, str]]] = [
            {"headers": {"Authorization": f"Bearer {KEY}"}},
            {"headers": {"authorization": f"bearer  {KEY} "}},
            {"headers": {"X-Freshet-Key": KEY}},
            {"headers": {"X-Algolia-API-Key": KEY}},
            {"params": {"x-algolia-api-key": KEY, "x-algolia-agent": "a"}},
            {"params": {"X-Algolia-API-Key": KEY}},
        ]
        for way in ways:
            assert (await tier.client.get("/v1/status", **way)).status == 200, way  # type: ignore[arg-type]
            assert (await tier.client.get("/v1/status", **_wrong(way))).status == 401, way  # type: ignore[arg-type]
        basic = await tier.client.get("/v1/status", headers={"Authorization": f"Basic {KEY}"})
        assert basic.status == 401 and basic.headers["WWW-Authenticate"].startswith("Bearer")


def _wrong(way: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {where: {name: f"{value.strip()}x" for name, value in sent.items()} for where, sent in way.items()}


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
