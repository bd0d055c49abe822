"""The whole path over HTTP: an event goes in by the door and comes out of a search, with its price and its story."""

from typing import Any

import pytest

from tests.system.conftest import Stack, http, wait_until

FOUND_S = 15.0


@pytest.fixture(scope="module")
def shop(module_stack: Stack) -> Stack:
    """All four processes, started once for this file."""
    for process in ("catalog", "embed", "shard", "serving"):
        module_stack.launch(process)
    for process in ("catalog", "embed", "shard", "serving"):
        module_stack.wait_ready(process)
    return module_stack


def send(shop: Stack, *events: dict[str, Any]) -> list[str]:
    status, answer = http("POST", shop.url("serving", "/v1/catalog"), {"events": list(events)})
    assert status == 202, answer
    return [line["event_id"] for line in answer["events"]]


def search(shop: Stack, text: str, **more: Any) -> dict[str, Any]:
    status, answer = http("POST", shop.url("serving", "/v1/search"), {"text": text, **more})
    assert status == 200
    found: dict[str, Any] = answer
    return found


def event(shop: Stack, event_id: str) -> dict[str, Any]:
    status, answer = http("GET", shop.url("serving", f"/v1/events/{event_id}"))
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def order_of(event_id: str) -> list[int]:
    generation, _, offset = event_id.split("-")
    return [int(generation), int(offset)]


def upsert(sku: str, title: str, **more: Any) -> dict[str, Any]:
    return {"type": "upsert", "sku": sku, "title": title, **more}


def wait_searchable(shop: Stack, event_id: str) -> dict[str, Any]:
    found: dict[str, Any] = wait_until(
        lambda: (answer := event(shop, event_id))["searchable"] and answer, FOUND_S, f"{event_id} is searchable"
    )
    return found


def test_an_upsert_is_found_by_its_meaning_and_tells_its_story(shop: Stack) -> None:
    ids = send(
        shop,
        upsert("lamp", "Desk lamp with warm light", brand="Lumen", price={"amount": 19.99, "currency": "EUR"}, stock=3),
        upsert("mug", "Coffee mug", brand="Cera", price={"amount": 5, "currency": "EUR"}, stock=0),
        upsert("rug", "Woollen carpet", brand="Lumen"),
    )
    stories = [wait_searchable(shop, event_id) for event_id in ids]
    steps = stories[0]["steps"]
    assert steps["received_ms"] <= steps["decided_ms"] <= steps["embedded_ms"] <= steps["searchable_ms"]
    answer = search(shop, "something to read by at night", limit=2)
    assert answer["hits"][0]["sku"] == "lamp" and answer["degraded"] == []
    assert answer["found"] == 3 and answer["hits"][0]["content_order"] == order_of(ids[0])
    assert search(shop, "cup", filters={"brand": ["Lumen"]})["found"] == 2
    assert [hit["sku"] for hit in search(shop, "", filters={"in_stock": True})["hits"]] == ["lamp"]
    assert [hit["sku"] for hit in search(shop, "", filters={"price_max": 6})["hits"]] == ["mug"]


def test_a_price_change_shows_and_is_never_embedded_again(shop: Stack) -> None:
    (created,) = send(shop, upsert("chair", "Oak chair", price={"amount": 80, "currency": "EUR"}))
    wait_searchable(shop, created)
    status, answer = http(
        "PATCH", shop.url("serving", "/v1/catalog/chair"), {"price": {"amount": 70, "currency": "EUR"}}
    )
    assert status == 202
    changed = answer["events"][0]["event_id"] if "events" in answer else answer["event_id"]
    wait_searchable(shop, changed)
    status, product = http("GET", shop.url("serving", "/v1/skus/chair"))
    assert status == 200 and product["hit"]["offer"]["price"]["amount"] == 70
    assert product["hit"]["content_order"] == order_of(created) and product["hit"]["offer_order"] == order_of(changed)


def test_a_deleted_product_is_gone_and_a_late_older_version_does_not_bring_it_back(shop: Stack) -> None:
    wait_searchable(shop, send(shop, upsert("vase", "Glass vase", version=1))[0])
    (deleted,) = send(shop, {"type": "delete", "sku": "vase", "version": 3})
    wait_until(lambda: http("GET", shop.url("serving", "/v1/skus/vase"))[0] == 404, FOUND_S, "the vase is gone")
    (late,) = send(shop, upsert("vase", "Glass vase", version=2))
    outcome = wait_until(lambda: event(shop, late)["outcome"], FOUND_S, "the late event is decided")
    assert outcome == "superseded" and event(shop, deleted)["outcome"] == "deleted"
    assert http("GET", shop.url("serving", "/v1/skus/vase"))[0] == 404


def test_every_answer_is_in_the_served_log(shop: Stack) -> None:
    request_id = search(shop, "lamp", explain=True)["request_id"]
    wait_until(lambda: request_id.encode() in {key for key, _ in shop.values("served")}, FOUND_S, "it is logged")


def test_a_restarted_shard_answers_the_same(shop: Stack) -> None:
    wait_searchable(shop, send(shop, upsert("clock", "Wall clock"))[0])
    before = search(shop, "time", limit=5)["hits"]
    _, state = http("GET", shop.url("shard", "/state"))
    shop.kill("shard")
    shop.start("shard")
    wait_until(lambda: search(shop, "time")["degraded"] == [], FOUND_S, "the shard is asked again")
    _, after = http("GET", shop.url("shard", "/state"))
    assert search(shop, "time", limit=5)["hits"] == before
    for name in ("digest_documents", "digest_offers", "visible"):
        assert [one[name] for one in after["shards"]] == [one[name] for one in state["shards"]]


def test_a_dead_shard_is_named_and_the_answer_comes_in_time(shop: Stack) -> None:
    shop.kill("shard")
    answer = search(shop, "lamp")
    assert set(answer["degraded"]) == {"shard-0", "shard-1"} and answer["hits"] == []
    assert http("GET", shop.url("serving", "/readyz"))[0] in (200, 503)
    shop.start("shard")
    wait_until(lambda: search(shop, "lamp")["degraded"] == [], FOUND_S, "whole answers again")
