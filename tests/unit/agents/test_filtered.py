"""`POST /search` of a shard with filters: by declared attributes, and a clear refusal of others."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agents.shard_endpoint import ShardEndpoint
from index_snapshots.apply import apply
from schemas.hits import ShardState
from tests.unit.index_snapshots.making import ORIGIN, content, document, logged, shard

STATE = ShardState(partition=0, replica=0, lineage="l", documents_offset=1, offers_offset=1)
HEALTH: Any = SimpleNamespace(add_to=lambda app: None)


async def search(filters: dict[str, Any]) -> tuple[int, Any]:
    """In a shard with a red lamp of 7 watts and a blue one."""
    one = shard()
    red, blue = content(attributes={"colour": ["red", "white"], "watts": 7}), content(attributes={"colour": "blue"})
    apply(logged("documents", [document("red", 1, of=red), document("blue", 2, of=blue)]), one)
    kept = SimpleNamespace(shard=one, origin=ORIGIN)
    agent: Any = SimpleNamespace(caught_up=True, kept={0: kept}, state=lambda *_: STATE)
    asked = {"partition": 0, "limit": 10, "budget_ms": 5_000, "filters": filters}
    async with TestClient(TestServer(ShardEndpoint(agent).app(HEALTH))) as client:
        response = await client.post("/search", json=asked)
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("filters", "skus"),
    [
        ({"attributes": {"colour": ["white", "green"]}}, ["red"]),
        ({"attributes": {"watts": {"min": 7}}}, ["red"]),
        ({"not": {"attributes": {"watts": {"min": 7}}}}, ["blue"]),
        ({"any": [{"attributes": {"colour": ["blue"]}}, {"attributes": {"watts": {"max": 7}}}]}, ["blue", "red"]),
    ],
)
async def test_attributes(filters: dict[str, Any], skus: list[str]) -> None:
    status, answer = await search(filters)
    assert (status, [hit["sku"] for hit in answer["hits"]], answer["matching"]) == (200, skus, len(skus))


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"attributes": {"size": ["L"]}}, "undeclared_attribute"),
        ({"attributes": {"watts": ["7"]}}, "wrong_attribute_kind"),
        ({"attributes": {"watts": [7]}}, "bad_request"),
    ],
)
async def test_what_cannot_be_filtered_by_is_refused(filters: dict[str, Any], code: str) -> None:
    status, answer = await search(filters)
    assert (status, answer["code"]) == (400, code)
    assert code == "bad_request" or "Declared: colour (value), watts (number)" in answer["message"]
