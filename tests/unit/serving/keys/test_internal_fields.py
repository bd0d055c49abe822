"""What shards and tier tell each other, and what is stored of keys, is in no answer to a shopper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel

from schemas.keys import StoredKey
from schemas.records import DocumentRecord
from schemas.shard_messages import Near, ShardAnswer, ShardQuery, WordsAnswer
from schemas.shards import ShardOnProcess
from serving.app import ROUTES
from serving.openapi import document
from tests.unit.serving.keys.test_tenants import ALL, ASKED, PRODUCTS, shop

INSIDE: tuple[type[BaseModel], ...] = (
    ShardQuery,
    ShardAnswer,
    Near,
    WordsAnswer,
    ShardOnProcess,
    DocumentRecord,
    StoredKey,
)
FREE = frozenset(("attributes", "highlights", "facets", "explain"))
"""Their names are the shop's own, or what was asked for."""


def declared() -> set[str]:
    """Names that the OpenAPI document has in the answers of routes for shoppers."""
    api = document(tuple(route for route in ROUTES if route.scope in ("search", "events", "public")), "0")
    return {name for schema in api["components"]["schemas"].values() for name in schema.get("properties", {})}


def names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
        for name, value in node.items():
            if name not in FREE:
                yield from names(value)
    elif isinstance(node, list):
        for value in node:
            yield from names(value)


async def test_no_shopper_is_told_what_is_ours_alone(tmp_path: Path) -> None:
    internal = {name for model in INSIDE for name in model.model_fields} - declared()
    assert {"vector", "sha256", "near", "rows"} <= internal
    async with shop(tmp_path, list(PRODUCTS)) as tier:
        for method, path, body in ASKED:
            response = await tier.client.request(method, path, json=body, headers={"X-Freshet-Key": ALL})
            told = set(names(orjson.loads(await response.read())))
            assert told & internal == set(), (method, path, body)
        async with TestClient(TestServer(tier.replicas[0][0].app())) as shard:  # where such names are, they are seen
            query = ShardQuery(partition=0, words={"a1": 1.0}, limit=1, budget_ms=30_000).model_dump_json()
            said = await shard.post("/search", data=query)
            assert {"near", "gone"} <= set(names(await said.json())) & internal
