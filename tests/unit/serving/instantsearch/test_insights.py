"""Events of search-insights become clicks in the log, as its own client sends them."""

from typing import Any

import orjson
import pytest

from schemas.clicks import decode_click
from serving.instantsearch.insights import EVENTS_MAX, clicks_in, price_of
from tests.unit.serving.fakes import Tier

QUERY = "0123456789abcdef0123456789abcdef"


def read(**event: Any) -> list[dict[str, Any]]:
    every = clicks_in([{"userToken": "u-1", "objectIDs": ["a"], **event}])
    return [decode_click(one).model_dump(exclude_none=True, exclude={"schema_version"}) for one in every]


def test_each_product_is_a_click() -> None:
    event = {"eventType": "click", "objectIDs": ["a", "b"], "positions": [3, 7], "queryID": QUERY, "timestamp": 1_700}
    both = {"type": "click", "session": "u-1", "request_id": QUERY, "at_ms": 1_700}
    assert read(**event) == [{**both, "sku": "a", "position": 3}, {**both, "sku": "b", "position": 7}]


def test_conversions_are_carts_and_purchases_with_what_was_paid() -> None:
    bought = {
        "eventType": "conversion",
        "eventSubtype": "purchase",
        "currency": "EUR",
        "authenticatedUserToken": "customer-1",
        "objectData": [{"price": "3.50", "quantity": 2, "queryID": QUERY}],
    }
    said = {"session": "u-1", "sku": "a", "user": "customer-1", "quantity": 2, "request_id": QUERY}
    assert read(**bought) == [{**said, "type": "purchase", "price": {"amount": 3.5, "currency": "EUR"}}]
    assert read(eventType="conversion", eventSubtype="addToCart")[0]["type"] == "add_to_cart"
    assert read(eventType="conversion")[0]["type"] == "add_to_cart"
    assert read(eventType="view")[0]["type"] == "view"


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "instantsearch"},
        {"eventType": "add_to_cart"},
        {"eventType": ["click"]},
        {"eventType": "click", "objectIDs": None, "filters": ["brand%3ALumen"]},
        {"eventType": "click", "objectIDs": "a"},
        {},
    ],
)
def test_what_tells_of_no_product_is_dropped(event: dict[str, Any]) -> None:
    assert read(**event) == []


def test_what_stands_beside_a_product_may_be_missing_or_nonsense() -> None:
    odd = {"positions": [], "objectData": ["x"], "queryID": "x" * 65, "currency": "EUR"}
    assert read(eventType="click", **odd) == [{"type": "click", "session": "u-1", "sku": "a"}]
    assert price_of("nan", "EUR") is price_of("1", None) is price_of(None, "EUR") is None
    assert price_of(1.00009, "EUR") == {"amount": 1.0001, "currency": "EUR"}


async def send(tier: Tier, *events: dict[str, Any], kind: str = "text/plain") -> tuple[int, Any]:
    body = orjson.dumps({"events": list(events)})
    response = await tier.client.post("/1/events?X-Algolia-API-Key=k", data=body, headers={"Content-Type": kind})
    return response.status, await response.json()


async def test_they_reach_the_log_by_their_session() -> None:
    view = {"eventType": "view", "userToken": "u-1", "objectIDs": ["a", "b"]}
    async with Tier() as tier:
        assert await send(tier, view, {"eventType": "instantsearch"}) == (200, {"status": 200, "message": "OK"})
        records = [one for records in tier.log.read("clicks", 0, 0) for one in records]
        assert [(one.key, orjson.loads(one.value or b"")["sku"]) for one in records] == [(b"u-1", "a"), (b"u-1", "b")]
        assert await send(tier, {"eventType": "instantsearch"}, kind="application/json") == (
            200,
            {"status": 200, "message": "OK"},
        )


async def test_what_is_refused_is_told() -> None:
    view = {"eventType": "view", "userToken": "u-1", "objectIDs": ["a", ""]}
    async with Tier() as tier:
        status, found = await send(tier, view)
        assert (status, found["message"].startswith("1 of 2 were not taken")) == (200, True)
        status, found = await send(tier, {"eventType": "view", "objectIDs": ["a"]})
        assert (status, "session" in found["message"]) == (400, True)


async def test_as_many_as_may_be() -> None:
    async with Tier() as tier:
        assert (await send(tier, *[{}] * EVENTS_MAX))[0] == 200
        assert (await send(tier, *[{}] * (EVENTS_MAX + 1)))[0] == 400
