"""`POST /seen` of a shard: what it knows of events and of their products."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agents.shard_endpoint import SEEN_MAX, ShardEndpoint
from index_snapshots.apply import apply
from schemas.hits import ShardState
from tests.unit.index_snapshots.making import document, logged, no_offer, offer, shard

STATE = ShardState(partition=0, replica=0, lineage="l", documents_offset=1, offers_offset=1)
HEALTH: Any = SimpleNamespace(add_to=lambda app: None)


def endpoint() -> web.Application:
    """A shard with one product made by event 1, its price changed by event 2, and one deleted by event 4."""
    one = shard()
    apply(logged("documents", [document("lamp", 1), document("gone", 3)]), one)
    apply(logged("offers", [offer("lamp", 1), offer("lamp", 2, since=1), offer("gone", 3), no_offer("gone", 4)]), one)
    agent: Any = SimpleNamespace(caught_up=True, kept={0: SimpleNamespace(shard=one)}, state=lambda *_: STATE)
    return ShardEndpoint(agent).app(HEALTH)


async def seen(*events: tuple[str, int]) -> tuple[int, Any]:
    asked = [{"sku": sku, "order": [1, offset]} for sku, offset in events]
    async with TestClient(TestServer(endpoint())) as client:
        response = await client.post("/seen", json={"partition": 0, "events": asked})
        return response.status, await response.json()


async def test_each_event_is_told_with_its_product() -> None:
    status, answer = await seen(("lamp", 2), ("gone", 4), ("never", 9))
    lamp, gone, never = answer["seen"]
    assert (status, answer["state"]["lineage"]) == (200, "l")
    assert (lamp["content_order"], lamp["offer_order"], lamp["live_since"]) == ([1, 1], [1, 2], [1, 1])
    assert lamp["title"] and lamp["offer"]["price"]
    assert (gone["title"], gone["offer"], gone["live_since"], gone["offer_order"]) == (None, None, None, [1, 4])
    assert set(never.values()) == {None}


@pytest.mark.parametrize(("count", "status"), [(SEEN_MAX, 200), (SEEN_MAX + 1, 400)])
async def test_so_many_may_be_asked_after(count: int, status: int) -> None:
    assert (await seen(*[("lamp", 1)] * count))[0] == status
