"""A key of one tenant, before real shards: nothing of another tenant's products is in any answer, count or kept answer.

What a shop with this tenant's products alone would answer is what the key must get.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.filters import Filters
from schemas.search import SearchRequest
from serving.answer_cache import key_of
from serving.app import ROUTES
from serving.keys.access import KEY_HEADER
from serving.keys.grant import Grant
from serving.keys.limiting import limited
from serving.keys.minting import new_key
from tests.unit.index_snapshots.making import FACETS, content, document, offer
from tests.unit.serving.fakes import FakeShard, Tier
from tests.unit.serving.real_shard import Encoding, RealShard
from tests.unit.serving.test_access import NEEDS, address, stored

OURS, THEIRS, ALL = new_key("ourskey0"), new_key("theirs00"), new_key("allkeys0")
PRODUCTS = {
    "a1": content("Brass lamp", brand="Lumen", category=["Home", "Lamps"], attributes={"colour": "ours", "watts": 5}),
    "a2": content("Brass chair", brand="Lumen", category=["Home", "Chairs"], attributes={"colour": "ours"}),
    "b1": content(
        "Zanzibar lamp", brand="Zylo", category=["Zoo", "Lamps"], attributes={"colour": "theirs", "watts": 9}
    ),
    "b2": content("Zanzibar brass", brand="Zylo", category=["Zoo", "Zebras"], attributes={"colour": "theirs"}),
}
SECRET = re.compile(rb"zanzi|zylo|zoo|zebra|theirs|\bb[12]\b|77", re.IGNORECASE)
"""What only the other tenant's products hold; 77 is their price."""
FIELDS = ["brand", "category", "price", "in_stock", "attributes.colour", "attributes.watts"]
SEARCHES: list[dict[str, Any]] = [
    {"text": "lamp"},
    {"text": ""},
    {"text": "zanzibar"},
    {"text": "zanzbar lamp"},
    {"text": "zylo lamps under 80"},
    {"text": "zebras", "mode": "words"},
    {"text": "zoo", "fallback": ["drop", "relax", "meaning", "bestsellers", "newest"]},
    {"text": "lamp", "facets": FIELDS},
    {"text": "", "facets": FIELDS, "filters": {"brand": ["Zylo"]}},
    {"text": "lamp", "filters": {"attributes": {"colour": ["theirs"]}}, "facets": FIELDS},
    {"text": "brass", "filters": {"any": [{"brand": ["Zylo"]}, {"brand": ["Lumen"]}]}},
    {"text": "brass", "filters": {"not": {"attributes": {"colour": ["ours"]}}}},
    {"text": "", "sort": "price_desc"},
    {"text": "zan", "typing": True, "group_by": "brand", "highlight": True},
]
LIKE = {"indexName": "products", "model": "looking-similar"}
ASKED: list[tuple[str, str, dict[str, Any] | None]] = [
    *(("POST", "/v1/search", body) for body in SEARCHES),
    *(("POST", "/v1/suggest", {"text": text}) for text in ("z", "zan", "lam", "zebr", "brass", "zylo", "zlyo")),
    *(("GET", f"/v1/suggest?text={text}", None) for text in ("zan", "lamp")),
    *(("GET", f"/v1/skus/{sku}", None) for sku in ("b1", "b2", "none")),
    *(("POST", "/1/indexes/products/query", {"query": text, "facets": "*"}) for text in ("lamp", "", "zanzibar")),
    ("POST", "/1/indexes/products/query", {"query": "", "filters": "brand:Zylo OR colour:theirs", "facets": "*"}),
    ("POST", "/1/indexes/*/queries", {"requests": [{"indexName": "products", "query": "z", "facets": ["brand"]}] * 2}),
    ("POST", "/1/indexes/products/facets/brand/query", {"facetQuery": "z"}),
    *(("GET", f"/1/indexes/products/{sku}", None) for sku in ("a1", "b1", "none")),
    ("POST", "/1/indexes/*/objects", {"requests": [{"indexName": "products", "objectID": sku} for sku in PRODUCTS]}),
    *(("GET", f"/v1/skus/{sku}/similar", None) for sku in ("a1", "b1", "none")),
    *(("POST", "/1/indexes/*/recommendations", {"requests": [LIKE | {"objectID": sku}]}) for sku in ("a1", "b1")),
]


def of_tenants(folder: Path, skus: list[str]) -> RealShard:
    made = [document(sku, int(sku[1:]) + 10 * (sku > "b"), seed=ord(sku[0]), of=PRODUCTS[sku]) for sku in skus]
    offers = [offer(each.sku, each.order.offset, price=77.0 if each.sku > "b" else 5.0) for each in made]
    return RealShard(folder, made, offers)


@asynccontextmanager
async def shop(folder: Path, skus: list[str]) -> AsyncIterator[Tier]:
    async with AsyncExitStack() as stack:
        real = of_tenants(folder, skus)
        stack.callback(real.feed.close)
        tier = Tier(
            [[real]],
            encoding=Encoding(),
            facets=[f"{name}:{kind}" for name, kind in FACETS.items()],
            tenant_attribute="colour",
            keys_required="yes",
            answer_cache_mb=1.0,
            suggest_budget_ms=1_000,
        )
        await stack.enter_async_context(tier)
        keys = [stored(OURS, "search", tenant="ours"), stored(THEIRS, "search", tenant="theirs")]
        tier.wiring.access.ring.use([*keys, stored(ALL, "search", "events", "ingest")])
        await tier.wiring.vocabulary.refresh()
        yield tier


async def told(tier: Tier, key: str, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
    """Without what differs each time, and without how much words weigh: that is counted over all products."""
    response = await tier.client.request(method, path, json=body, headers={KEY_HEADER: key})
    said = orjson.loads(await response.read())
    for result in filter(None, [*said.get("results", ()), said]):
        result.pop("processingTimeMS", None)
    for name in ("request_id", "took_ms", "cached", "detail", "encoder", "made_from", "read_token", "state"):
        said.pop(name, None)
    for hit in said.get("hits", ()):
        hit.update(relevance=None, words=None)
    if said.get("fallback"):
        said["fallback"] = said["fallback"]["category"]
    return response.status, orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


async def test_a_tenants_key_gets_what_a_shop_of_its_products_alone_would_answer(tmp_path: Path) -> None:
    async with shop(tmp_path / "all", list(PRODUCTS)) as both, shop(tmp_path / "ours", ["a1", "a2"]) as alone:
        for method, path, body in ASKED:
            for turn in range(2):  # the second time from what was kept
                found = await told(both, OURS, method, path, body)
                assert found == await told(alone, OURS, method, path, body), (method, path, body, turn)


async def test_another_key_sees_what_this_one_does_not(tmp_path: Path) -> None:
    """Else the test above would prove nothing: each secret can be told, and is told to whom it may be."""
    async with shop(tmp_path, list(PRODUCTS)) as tier:
        for key in (ALL, THEIRS):
            every = [await told(tier, key, method, path, body) for method, path, body in ASKED]
            secrets = {found.lower() for _, said in every for found in SECRET.findall(said)}
            assert secrets == {b"zanzi", b"zylo", b"zoo", b"zebra", b"theirs", b"b1", b"b2", b"77"}


async def test_what_was_kept_for_one_tenant_is_not_given_to_another(tmp_path: Path) -> None:
    async with shop(tmp_path, list(PRODUCTS)) as tier:
        for key, sku in ((ALL, "b1"), (OURS, "a1"), (THEIRS, "b1"), (OURS, "a1"), (ALL, "b1")):
            response = await tier.client.post(
                "/v1/search", json={"text": "lamp", "mode": "words"}, headers={KEY_HEADER: key}
            )
            found = await response.json()
            assert sku in [hit["sku"] for hit in found["hits"]]
            assert len(found["hits"]) == (2 if key == ALL else 1)
        assert tier.counted("freshet_answer_cache_total", result="hit") == 2


def test_what_is_asked_and_what_may_be_seen_are_both_in_the_key_of_a_kept_answer() -> None:
    asked, ours, theirs = SearchRequest(text="a"), Filters(brand=["a"]), Filters(brand=["b"])
    keys = {key_of(asked, forced, ()) for forced in ((), (ours,), (theirs,), (ours, theirs))}
    assert len(keys) == 4
    grant = Grant("k", frozenset(("search",)), (ours,))
    assert key_of(limited(asked, grant, ()), (), ()) != key_of(asked, (), ())


@pytest.mark.parametrize(("method", "path"), sorted(NEEDS["any"] | NEEDS["admin"] | NEEDS["ingest"]))
async def test_what_tells_of_the_whole_shop_is_not_for_a_tenants_key(method: str, path: str) -> None:
    async with Tier(keys_required="yes") as tier:
        tier.wiring.access.ring.use([stored(OURS, "search", "events", tenant="ours")])
        response = await tier.client.request(method, address(path), headers={KEY_HEADER: OURS})
        assert response.status == 403
        assert (await response.json())["code"] in ("scope_missing", "key_limited")


async def test_explaining_a_search_is_not_for_a_tenants_key(tmp_path: Path) -> None:
    async with shop(tmp_path, ["a1", "b1"]) as tier:
        for key, explained in ((OURS, False), (ALL, True)):
            body = {"text": "lamp", "explain": True, "explain_sku": "b1"}
            response = await tier.client.post("/v1/search", json=body, headers={KEY_HEADER: key})
            assert (response.status, (await response.json())["explain"] is not None) == (200, explained)


async def test_a_tenant_whose_attribute_is_not_declared_sees_nothing() -> None:
    async with Tier([[FakeShard()]], keys_required="yes") as tier:
        tier.wiring.access.ring.use([stored(OURS, "search", tenant="ours")])
        for method, path, body in ASKED:
            response = await tier.client.request(method, path, json=body, headers={KEY_HEADER: OURS})
            assert response.status == 400, (method, path)
            assert (await response.json())["code"] == "undeclared_attribute"


def test_every_route_that_shows_products_is_asked_above() -> None:
    asked = {(method, path.split("?")[0]) for method, path, _ in ASKED}
    for route in ROUTES:
        path = (
            route.path.replace("{sku}", "b1")
            .replace("{index}", "products")
            .replace("{facet}", "brand")
            .replace("{objectID}", "b1")
        )
        assert route.scope != "search" or (route.method, path) in asked, route.path
