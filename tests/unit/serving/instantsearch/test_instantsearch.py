"""Questions of InstantSearch's clients on real HTTP: hits, pages, facets, and errors as they read them."""

from typing import Any

import orjson
import pytest

from schemas.errors import Unavailable
from schemas.facet_order import PRICE_EDGES
from schemas.hits import Hit
from schemas.limits import HITS_MAX, SEARCH_DEPTH_MAX
from serving.instantsearch.bodies import QUESTION_BYTES_MAX
from serving.instantsearch.routes import QUESTIONS_MAX
from tests.unit.serving.fakes import FakeShard, Tier, hit, state

KEY = "the-key-of-the-shop"
ADDRESS = f"/1/indexes/*/queries?x-algolia-api-key={KEY}&x-algolia-application-id=app"
PLAIN = {"Content-Type": "text/plain"}


def lamp(sku: str = "lamp", **content: Any) -> Hit:
    found = hit(sku, title="Desk lamps & <b>shades</b>")
    more = {
        "category": ["Home", "Lamps"],
        "image_urls": ["a.png", "b.png"],
        "attributes": {"colour": "red", "a.b": 1, "a.c": "x", "a.d": 2},
    }
    return found.model_copy(update={"content": found.content.model_copy(update=more | content)})


async def ask(tier: Tier, *questions: dict[str, Any], status: int = 200) -> Any:
    body = orjson.dumps({"requests": [{"indexName": "products", **one} for one in questions]})
    response = await tier.client.post(ADDRESS, data=body, headers=PLAIN)
    assert response.status == status, await response.text()
    found = await response.json()
    return found if status != 200 else found["results"]


async def test_a_question_finds_hits_as_records() -> None:
    async with Tier([[FakeShard(hits=[lamp(), hit("mug")])]]) as tier:
        [found] = await ask(tier, {"query": "lamp", "clickAnalytics": True})
        searched = tier.replicas[0][0].queries[-1]
    assert searched["limit"] >= 20
    record = found["hits"][0]
    assert {name: record[name] for name in ("objectID", "name", "title", "brand", "price", "currency", "stock")} == {
        "objectID": "lamp",
        "name": "Desk lamps & <b>shades</b>",
        "title": "Desk lamps & <b>shades</b>",
        "brand": "Lumen",
        "price": 9.5,
        "currency": "EUR",
        "stock": 3,
    }
    assert record["hierarchicalCategories"] == {"lvl0": "Home", "lvl1": "Home > Lamps"}
    assert (record["image"], record["images"]) == ("a.png", ["a.png", "b.png"])
    assert (record["colour"], record["a"], record["in_stock"]) == ("red", {"b": 1, "c": "x", "d": 2}, True)
    assert (found["nbHits"], found["page"], found["nbPages"], found["hitsPerPage"]) == (2, 0, 1, 20)
    assert (found["index"], found["query"], found["queryID"]) == ("products", "lamp", "r0")
    assert found["params"] == "query=lamp&clickAnalytics=true" and found["processingTimeMS"] >= 1
    assert found["exhaustiveNbHits"] and "facets" not in found


async def test_each_question_has_its_own_record_in_the_served_log() -> None:
    async with Tier([[FakeShard(hits=[lamp()])]]) as tier:
        found = await ask(tier, {"query": "lamp", "clickAnalytics": True}, {"query": "lam", "clickAnalytics": True})
        await tier.wiring.served.drain()
        records = [orjson.loads(record.value or b"") for records in tier.log.read("served", 0, 0) for record in records]
    assert [one["request_id"] for one in records] == [one["queryID"] for one in found]
    assert [(one["text"], one["typing"]) for one in records] == [("lamp", True), ("lam", True)]


@pytest.mark.parametrize(
    ("asked", "limit", "pages", "shown"),
    [
        ({"hitsPerPage": 1}, 1, 3, ["a"]),
        ({"hitsPerPage": 1, "page": 2}, 3, 3, ["c"]),
        ({"hitsPerPage": 0}, 1, 0, []),
        ({"hitsPerPage": HITS_MAX + 1}, HITS_MAX, 1, ["a", "b", "c"]),
        ({"hitsPerPage": 100, "page": SEARCH_DEPTH_MAX // 100}, 1, 1, []),
        ({"offset": 1, "length": 2}, 3, None, ["b", "c"]),
        ({"offset": 2, "length": 1}, 3, None, ["c"]),
        ({"offset": 0, "length": 0}, 1, None, []),
    ],
)
async def test_pages(asked: dict[str, Any], limit: int, pages: int | None, shown: list[str]) -> None:
    async with Tier([[FakeShard(hits=[hit("a"), hit("b"), hit("c")])]]) as tier:
        [found] = await ask(tier, asked)
        assert tier.replicas[0][0].queries[-1]["limit"] == limit
    assert [one["objectID"] for one in found["hits"]] == shown
    assert (found["nbHits"], found.get("nbPages")) == (3, pages)
    assert ("offset" in found) == ("offset" in asked)


async def test_the_name_of_an_index_says_how_it_is_sorted() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]], instantsearch_indexes=["shop", "cheap=price_asc"]) as tier:
        sorts = []
        for index in ("shop", "shop_price_desc", "shop_newest", "cheap"):
            [found] = await ask(tier, {"indexName": index, "query": "lamp"})
            sorts.append((found["index"], tier.replicas[0][0].queries[-1]["sort"]))
        refused = await ask(tier, {"indexName": "products"}, status=404)
    assert sorts == [
        ("shop", "relevance"),
        ("shop_price_desc", "price_desc"),
        ("shop_newest", "newest"),
        ("cheap", "price_asc"),
    ]
    assert refused["message"].startswith("Index products does not exist") and "cheap" in refused["message"]


async def test_filters_reach_the_shards_and_are_never_left_out() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]], facets=["colour:value"]) as tier:
        await ask(
            tier,
            {
                "query": "lamp",
                "filters": "in_stock:true",
                "facetFilters": [["brand:Lumen", "brand:Orbit"], "colour:-red"],
                "numericFilters": ["price>=5"],
            },
        )
        asked = tier.replicas[0][0].queries[-1]["filters"]["all"]
    given = [{name: value for name, value in one.items() if value is not None} for one in asked]
    assert given[:2] == [{"in_stock": True}, {"brand": ["Lumen", "Orbit"]}]
    assert given[2]["not"]["attributes"] == {"colour": ["red"]} and given[3] == {"price_min": 5.0}


async def test_distinct_groups_by_what_the_shop_has_declared() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]], instantsearch_distinct="brand") as tier:
        groups = []
        for distinct in (True, 3, 99, False, 0, None):
            await ask(tier, {"query": "lamp", "distinct": distinct})
            query = tier.replicas[0][0].queries[-1]
            groups.append((query["group_by"], query["group_limit"]))
    assert groups == [("brand", 1), ("brand", 3), ("brand", 10), (None, 1), (None, 1), (None, 1)]
    async with Tier([[FakeShard(hits=[hit("a")])]]) as tier:
        await ask(tier, {"distinct": True})
        assert tier.replicas[0][0].queries[-1]["group_by"] is None


RANGES = [0] * 3 + [1, 1] + [0] * (len(PRICE_EDGES) - 4)
FACETS: dict[str, dict[str, Any]] = {
    "brand": {"values": ["Lumen", "Orbit"], "counts": [2, 5], "distinct": 2},
    "category": {"values": [["Home"], ["Home", "Lamps"]], "counts": [7, 3], "distinct": 2},
    "in_stock": {"values": [True, False], "counts": [6, 1], "distinct": 2},
    "price": {
        "numbers": {
            "EUR": {
                "count": 2,
                "min": 5.0,
                "max": 10.0,
                "total": 15.0,
                "ranges": RANGES,
                "told": {"values": [5.0, 9.99], "counts": [1, 1], "distinct": 2},
            }
        }
    },
    "attributes.colour": {"values": ["red", "blue"], "counts": [1, 1], "distinct": 3, "left_out_max": 0},
    "attributes.watts": {"numbers": {"": {"count": 2, "min": 1.0, "max": 4.0, "total": 5.0, "ranges": []}}},
}


async def test_facets_are_told_as_their_helper_reads_them() -> None:
    async with Tier([[FakeShard(hits=[hit("a")], facets=FACETS)]], facets=["colour:value", "watts:number"]) as tier:
        names = ["brand", "hierarchicalCategories.lvl0", "hierarchicalCategories.lvl1", "in_stock", "colour", "nope"]
        [found, every, alpha, priced] = await ask(
            tier,
            {"facets": names, "facetFilters": ["brand:Orbit"]},
            {"facets": ["*"], "maxValuesPerFacet": 1},
            {"facets": ["brand"], "sortFacetValuesBy": "alpha"},
            {"facets": ["price"]},
        )
        asked = {one["field"]: one for one in tier.replicas[0][0].queries[0]["counting"]["facets"]}
    assert asked["category"]["levels"] == 2 and "attributes.nope" not in asked
    assert found["facets"] == {
        "brand": {"Orbit": 5, "Lumen": 2},
        "hierarchicalCategories.lvl0": {"Home": 7},
        "hierarchicalCategories.lvl1": {"Home > Lamps": 3},
        "in_stock": {"true": 6, "false": 1},
        "colour": {"blue": 1, "red": 1},
    }
    assert list(found["facets"]["brand"]) == ["Orbit", "Lumen"] and list(alpha["facets"]["brand"]) == ["Lumen", "Orbit"]
    assert found["freshet"]["notCounted"] == ["nope"]
    assert not found["exhaustiveFacetsCount"]  # one colour is not told
    assert every["facets_stats"] == {
        "price": {"min": 5.0, "max": 10.0, "avg": 7.5, "sum": 15.0},
        "watts": {"min": 1.0, "max": 4.0, "avg": 2.5, "sum": 5.0},
    }
    assert every["facets"]["price"] == {"5": 1} and every["facets"]["brand"] == {"Orbit": 5}
    assert priced["facets"] == {"price": {"5": 1, "9.99": 1}} and priced["exhaustiveFacetsCount"]
    values = {one["field"]: one["values"] for one in tier.replicas[0][0].queries[1]["counting"]["facets"]}
    assert values == dict.fromkeys(values, 0) | {"price": 1, "attributes.watts": 1}


async def test_attributes_are_retrieved_as_asked_and_lit_up() -> None:
    async with Tier([[FakeShard(hits=[lamp(description="A lamp " * 30 + "of green brass")])]]) as tier:
        [some, none, all_but, snippets] = await ask(
            tier,
            {
                "query": "lam",
                "attributesToRetrieve": ["name", "a.b", "a.c"],
                "attributesToHighlight": ["name", "hierarchicalCategories.lvl1", "colour"],
                "highlightPreTag": "__ais-highlight__",
                "highlightPostTag": "__/ais-highlight__",
            },
            {"query": "lam", "attributesToRetrieve": [], "attributesToHighlight": []},
            {"query": "shade desk", "attributesToRetrieve": ["*", "-description", "-brand"]},
            {"query": "brass", "attributesToSnippet": ["description:4", "brand"], "snippetEllipsisText": "[...]"},
        )
    [record] = some["hits"]
    assert {name for name in record if name[0] != "_"} == {"objectID", "name", "a"} and record["a"] == {
        "b": 1,
        "c": "x",
    }
    lit = record["_highlightResult"]
    assert lit["name"] == {
        "value": "Desk __ais-highlight__lamps__/ais-highlight__ & <b>shades</b>",
        "matchLevel": "full",
        "matchedWords": ["lam"],
        "fullyHighlighted": False,
    }
    assert list(lit["hierarchicalCategories"]) == ["lvl1"]
    assert lit["hierarchicalCategories"]["lvl1"]["value"] == "Home > __ais-highlight__Lamps__/ais-highlight__"
    assert lit["colour"] == {"value": "red", "matchLevel": "none", "matchedWords": []}
    assert none["hits"] == [{"objectID": "lamp"}]
    [record] = all_but["hits"]
    assert "description" not in record and "brand" not in record and "colour" in record
    assert record["_highlightResult"]["name"]["value"] == "<em>Desk</em> lamps & <b><em>shades</em></b>"
    assert record["_highlightResult"]["description"]["matchLevel"] == "none"
    assert set(record["_highlightResult"]) == {"name", "title", "brand", "description", "category"}
    snippet = snippets["hits"][0]["_snippetResult"]
    assert snippet["description"] == {"value": "[...]lamp of green <em>brass</em>", "matchLevel": "full"}
    assert snippet["brand"] == {"value": "Lumen", "matchLevel": "none"}


async def test_only_some_of_a_result() -> None:
    async with Tier([[FakeShard(hits=[lamp()])]]) as tier:
        [found] = await ask(tier, {"query": "lamp", "responseFields": ["nbHits"]})
    assert found == {"nbHits": 1, "index": "products"}


async def test_one_index_is_asked_by_its_own_address() -> None:
    async with Tier([[FakeShard(hits=[lamp()])]]) as tier:
        for body in ({"query": "lamp", "hitsPerPage": 3}, {"params": "query=lamp&hitsPerPage=3"}):
            response = await tier.client.post("/1/indexes/products/query", data=orjson.dumps(body), headers=PLAIN)
            found = await response.json()
            assert (response.status, found["hits"][0]["objectID"], found["hitsPerPage"]) == (200, "lamp", 3)


async def test_values_of_a_facet_are_searched() -> None:
    async with Tier([[FakeShard(hits=[hit("a")], facets=FACETS)]], facets=["colour:value", "watts:number"]) as tier:
        body = orjson.dumps({"facetQuery": "lu", "params": "filters=in_stock:true&maxFacetHits=7"})
        response = await tier.client.post("/1/indexes/products/facets/brand/query", data=body, headers=PLAIN)
        found = await response.json()
        [asked] = tier.replicas[0][0].queries[-1]["counting"]["facets"]
        [same, paths] = await ask(
            tier,
            {"type": "facet", "facet": "brand", "facetQuery": "lu"},
            {"type": "facet", "facet": "hierarchicalCategories.lvl1", "facetQuery": "lam"},
        )
        refused = await ask(tier, {"type": "facet", "facet": "watts"}, status=400)
    assert (asked["search"], asked["limit"]) == ("lu", 7)
    assert found["facetHits"][-1] == {"value": "Lumen", "highlighted": "<em>Lu</em>men", "count": 2}
    assert same["facetHits"] == found["facetHits"] and found["exhaustiveFacetsCount"]
    assert paths["facetHits"] == [{"value": "Home > Lamps", "highlighted": "Home > <em>Lam</em>ps", "count": 3}]
    assert "watts" in refused["message"]


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "must be a JSON object"),
        (b'{"requests": 3}', 400, "list of objects"),
        (b'{"requests": [{"query": "x"}]}', 404, "does not exist"),
        (b'{"requests": [{"indexName": "products", "similarQuery": "a"}]}', 400, "similarQuery"),
        (b'{"requests": [{"indexName": "products", "filters": "a b"}]}', 400, "filters"),
        (b'{"requests": [{"indexName": "products", "userToken": ""}]}', 400, "session"),
        (orjson.dumps({"requests": [{"indexName": "products"}] * (QUESTIONS_MAX + 1)}), 400, "at most 50"),
        (b" " * (QUESTION_BYTES_MAX + 1), 413, "bytes"),
    ],
)
async def test_errors_are_said_as_these_clients_read_them(body: bytes, status: int, why: str) -> None:
    async with Tier([[FakeShard(hits=[lamp()])]]) as tier:
        response = await tier.client.post(ADDRESS, data=body, headers=PLAIN)
        found = await response.json()
        assert (response.status, found["status"], response.content_type) == (status, status, "application/json")
        assert why in found["message"]
        assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_as_many_questions_as_may_be_are_answered() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]]) as tier:
        assert len(await ask(tier, *[{"hitsPerPage": 1}] * QUESTIONS_MAX)) == QUESTIONS_MAX
        assert await ask(tier) == []


async def test_one_question_that_fails_refuses_all() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]]) as tier:
        found = await ask(tier, {"query": "lamp"}, {"filters": "nope:1"}, status=400)
        assert "cannot be filtered by 'nope'" in found["message"]


async def away() -> None:
    raise Unavailable("away")


async def test_a_shard_that_is_away_is_told_and_nothing_breaks() -> None:
    async with Tier([[FakeShard(behave=away)], [FakeShard(state(1), [hit("a")])]]) as tier:
        [found] = await ask(tier, {"query": "lamp"})
    assert found["freshet"]["degraded"] and not found["exhaustiveNbHits"] and len(found["hits"]) == 1


async def test_without_any_shard_the_client_asks_another_host() -> None:
    async with Tier([[FakeShard(behave=away)]]) as tier:
        response = await tier.client.post(ADDRESS, data=b'{"requests": [{"indexName": "products"}]}', headers=PLAIN)
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert (await response.json())["status"] == 503


async def test_too_many_searches_are_refused_with_the_time_to_come_back() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]]) as tier:
        with_all = [tier.wiring.searching.inside() for _ in range(tier.wiring.searching.inside_max)]
        for one in with_all:
            one.__enter__()
        response = await tier.client.post(ADDRESS, data=b'{"requests": [{"indexName": "products"}]}', headers=PLAIN)
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
        assert (await response.json())["status"] == 429


async def test_web_pages_of_any_host_may_ask() -> None:
    async with Tier() as tier:
        asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
        response = await tier.client.options(ADDRESS, headers=asked)
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Headers"].startswith("*")
        assert int(response.headers["Access-Control-Max-Age"]) > 0
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        response = await tier.client.options("/v1/catalog", headers=asked)
        assert "Access-Control-Allow-Origin" not in response.headers
        response = await tier.client.get("/1/nope")
        assert (response.status, (await response.json())["status"]) == (404, 404)


async def test_the_key_stands_in_no_log_line() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]]) as tier:
        await ask(tier, {"query": "lamp"})
        await ask(tier, {"filters": "a b"}, status=400)
        await tier.client.get(f"/1/nope?x-algolia-api-key={KEY}", headers={"x-algolia-api-key": KEY})
        assert KEY not in str(tier.lines.lines)


async def test_an_answer_that_was_kept_is_given_again() -> None:
    async with Tier([[FakeShard(hits=[lamp()])]], answer_cache_mb=1.0) as tier:
        [first] = await ask(tier, {"query": "lamp"})
        asked = len(tier.replicas[0][0].queries)
        [again] = await ask(tier, {"query": "lamp"})
        assert again["hits"] == first["hits"] and len(tier.replicas[0][0].queries) == asked


@pytest.mark.parametrize(("method", "path"), [("POST", "/1/indexes/products/browse"), ("GET", "/1/keys")])
async def test_a_call_that_is_not_answered_says_where_to_look(method: str, path: str) -> None:
    async with Tier() as tier:
        response = await tier.client.request(method, path)
        said = await response.json()
    assert (response.status, said["status"]) in [(404, 404), (405, 405)]
    assert (
        said["message"].startswith(f"{method} {path} is none of the calls") and "/docs/instantsearch" in said["message"]
    )
