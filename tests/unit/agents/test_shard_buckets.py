"""Buckets over HTTP: the offset comes before the work, a view is at the offset asked for or not given at all."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agents.faults import Faults
from agents.health import Health
from agents.scrubbing import Scrubber
from agents.shard import ShardAgent, ShardSetup
from agents.shard_buckets import POLL_S
from agents.shard_endpoint import ShardEndpoint
from agents.topics import Topics
from index_snapshots.apply import apply
from index_snapshots.buckets import BUCKETS, Buckets, bucket_of
from index_snapshots.builder import BuilderHere
from index_snapshots.digests import hexadecimal
from schemas.digests import DIGEST_HEADER, OFFSET_HEADER
from schemas.metrics import Metrics
from tests.unit.agents.test_scrubbing import flip, kept
from tests.unit.index_snapshots.making import document, logged, offer

Client = TestClient[Any, Any]


class Served:
    """An endpoint of one shard, and whether a scrub was asked for."""

    def __init__(self, client: Client, agent: ShardAgent) -> None:
        self.client = client
        self.kept = agent.kept[0]
        self.scrubs = 0


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    producer: Any = SimpleNamespace()
    setup = ShardSetup("", Topics(1, 1), tmp_path, 0, 20_000, 2, 9, 2, 0.98)
    agent = ShardAgent(setup, [], BuilderHere(), producer, Metrics(), Faults(), str)
    agent.kept[0], agent.caught_up = kept(), True
    found: list[Served] = []

    def scrub() -> None:
        found[0].scrubs += 1

    app = ShardEndpoint(agent, scrub).app(Health("shard", Metrics(), str, dict))
    async with TestClient(TestServer(app)) as client:
        found.append(Served(client, agent))
        yield found[0]


async def test_the_buckets_of_the_newest_view_with_its_offset(served: Served) -> None:
    answer = await served.client.get("/buckets?partition=0&digest=documents")
    assert answer.headers[OFFSET_HEADER] == "3"
    buckets = Buckets(served.kept.shard.view, "documents")
    assert list(buckets)
    told = (await answer.json())["buckets"]
    assert told == buckets.digests and len(told) == BUCKETS
    offers = await served.client.get("/buckets?partition=0&digest=offers")
    assert (offers.headers[OFFSET_HEADER], set((await offers.json())["buckets"])) == ("0", {"0" * 32})


async def test_the_rows_of_one_bucket_add_up_to_its_digest(served: Served) -> None:
    digests = (await (await served.client.get("/buckets?partition=0&digest=documents")).json())["buckets"]
    asked = {bucket_of(str(number)) for number in range(3)} | {BUCKETS - 1}
    for bucket in asked:
        answer = await served.client.get(f"/buckets?partition=0&digest=documents&bucket={bucket}")
        rows = (await answer.json())["rows"]
        assert set(rows) == {str(number) for number in range(3) if bucket_of(str(number)) == bucket}
        assert hexadecimal(sum(int(digest, 16) for digest in rows.values())) == digests[bucket]


async def test_one_that_is_behind_is_waited_for_and_one_that_is_past_refuses(served: Served) -> None:
    asked = asyncio.create_task(served.client.get("/buckets?partition=0&digest=offers&offset=1"))
    await asyncio.sleep(10 * POLL_S)
    apply(logged("offers", [offer("0", 0)]), served.kept.shard)
    answer = await asked
    assert (answer.status, answer.headers[OFFSET_HEADER]) == (200, "1")
    marked = await served.client.get(
        f"/buckets?partition=0&digest=offers&offset=9&made={answer.headers[DIGEST_HEADER]}"
    )
    assert (marked.status, marked.headers[OFFSET_HEADER]) == (200, "1"), "only markers are between them"
    past = await served.client.get("/buckets?partition=0&digest=offers&offset=0")
    assert (past.status, (await past.json())["code"]) == (400, "other_offset")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("digest=documents", "bad_partition"),
        ("partition=x&digest=documents", "bad_partition"),
        ("partition=7&digest=documents", "unknown_partition"),
        ("partition=0&digest=structure", "bad_digest"),
        ("partition=0", "bad_digest"),
        ("partition=0&digest=offers&offset=-1", "bad_offset"),
        ("partition=0&digest=offers&bucket=x", "bad_bucket"),
        (f"partition=0&digest=offers&bucket={BUCKETS}", "bad_bucket"),
    ],
)
async def test_a_wrong_question_says_what_is_wrong(served: Served, query: str, code: str) -> None:
    answer = await served.client.get(f"/buckets?{query}")
    assert (answer.status, (await answer.json())["code"]) == (400, code)


async def test_a_scrub_is_asked_for(served: Served) -> None:
    assert (await served.client.post("/scrub")).status == 202
    assert served.scrubs == 1


async def test_a_damaged_shard_gives_no_vectors_away(served: Served) -> None:
    apply(logged("documents", [document("9", 9)], 3), served.kept.shard)
    body = {"partition": 0, "skus": ["9"]}
    assert (await served.client.post("/vectors", json=body)).status == 200
    flip(served.kept)
    Scrubber([served.kept], 1.0, Metrics()).one(served.kept)
    assert (await served.client.post("/vectors", json=body)).status == 503
