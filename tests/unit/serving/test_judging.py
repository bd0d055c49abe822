"""Faults are told once, the bucket is found in the background, and a scrub is asked for where nobody knows better."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from index_snapshots.faulty import Place
from schemas.digests import DIGEST_HEADER, OFFSET_HEADER, Digest
from schemas.shards import ShardOnProcess
from serving import judging
from serving.examining import TRIES, Examiner
from serving.judging import Judge
from tests.unit.index_snapshots.test_faulty import scrubbed
from tests.unit.serving.fakes import FakeShard, Lines, Tier, hit, state

ADDRESSES = {(0, 0): "http://one", (0, 1): "http://other"}


class Examined:
    """Notes what it is asked for."""

    def __init__(self, bucket: int | None) -> None:
        self.bucket = bucket
        self.scrubs: list[str] = []
        self.pairs: list[tuple[int, str, str, str]] = []

    async def scrub(self, address: str) -> None:
        self.scrubs.append(address)

    async def first_bucket(self, partition: int, digest: Digest, one: str, other: str) -> int | None:
        self.pairs.append((partition, digest, one, other))
        return self.bucket


def pair(first: str, second: str, **more: Any) -> dict[Place, ShardOnProcess]:
    return {
        (0, 0): ShardOnProcess(state=state(0, 0), ready=True, digest_documents=first, **more),
        (0, 1): ShardOnProcess(state=state(0, 1), ready=True, digest_documents=second),
    }


async def looked(judge: Judge, replicas: dict[Place, ShardOnProcess], lines: Lines) -> None:
    judge.look(replicas, ADDRESSES, lines)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def events(lines: Lines) -> list[str]:
    return [event for _, event, _ in lines.lines]


async def test_two_that_differ_are_asked_for_a_scrub_and_for_the_bucket_once() -> None:
    examined, lines = Examined(17), Lines()
    judge = Judge(examined)
    for _ in range(3):
        await looked(judge, pair("a", "b"), lines)
    assert sorted(examined.scrubs) == ["http://one", "http://other"]
    assert examined.pairs == [(0, "documents", "http://one", "http://other")]
    assert events(lines) == ["replicas_differ", "first_differing_bucket"]
    assert [one.bucket for one in judge.differences] == [17] and judge.faulty == []


async def test_a_damaged_one_is_compared_with_a_sound_one_and_told_until_it_is_mended() -> None:
    examined, lines = Examined(3), Lines()
    judge = Judge(examined)
    damaged = pair("a", "a", scrub=scrubbed("offers", "structure"))
    for _ in range(3):
        await looked(judge, damaged, lines)
    assert examined.pairs == [(0, "offers", "http://one", "http://other")] and examined.scrubs == []
    assert [(one.replica, one.bucket, one.out) for one in judge.faulty] == [(0, 3, True)]
    assert events(lines) == ["replica_faulty", "first_differing_bucket"]
    await looked(judge, pair("a", "a", scrub=scrubbed()), lines)
    assert judge.faulty == [] and events(lines)[-1] == "replica_no_longer_faulty"
    await looked(judge, damaged, lines)
    assert len(examined.pairs) == 2, "damaged again, asked again"


async def test_a_bucket_that_nobody_could_tell_is_not_asked_for_again_and_again() -> None:
    examined, lines = Examined(None), Lines()
    judge = Judge(examined)
    for _ in range(3):
        await looked(judge, pair("a", "b"), lines)
    assert len(examined.pairs) == 1 and [one.bucket for one in judge.differences] == [None]


async def test_a_damaged_replica_answers_nothing_any_more() -> None:
    damaged, sound = FakeShard(state(0, 0, documents=11), [hit("wrong")]), FakeShard(state(0, 1), [hit("right")])
    async with Tier([[damaged, sound]]) as tier:
        damaged.scrub = scrubbed("documents").model_dump()
        await tier.wiring.watch.refresh(tier.wiring.shards, tier.hints, tier.lines)
        for _ in range(5):
            assert (await tier.search(text="lamp"))["hits"][0]["sku"] == "right"
        found = await (await tier.client.get("/v1/status")).json()
        assert [(one["replica"], one["why"], one["out"]) for one in found["faulty"]] == [(0, "damaged", True)]
        assert 'freshet_replicas_out{partition="0"} 1.0' in await (await tier.client.get("/metrics")).text()
        await tier._servers[1].close()
        await tier.wiring.watch.refresh(tier.wiring.shards, tier.hints, tier.lines)
        found = await (await tier.client.get("/v1/status")).json()
        assert [one["out"] for one in found["faulty"]] == [False], "nobody else is left"
        assert (await tier.search(text="lamp"))["hits"][0]["sku"] == "wrong"


async def test_a_bucket_that_was_not_found_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "AGAIN_S", 0.0)
    examined = Examined(None)
    judge, replicas = Judge(examined), pair("a" * 32, "b" * 32)
    await looked(judge, replicas, Lines())
    assert len(examined.pairs) == 1
    examined.bucket = 9
    for _ in range(4):
        await looked(judge, replicas, Lines())
    judge.look(replicas, ADDRESSES, Lines())
    assert len(examined.pairs) == 2 and [one.bucket for one in judge.differences] == [9]


class Bucketed:
    """A shard process with buckets at one offset, which may have moved on when it is asked for one."""

    def __init__(self, buckets: list[str], moves: int = 0) -> None:
        self.buckets = buckets
        self.moves = moves
        self.asked: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        if "offset" in request.query and self.moves:
            self.moves -= 1
            return web.json_response({"code": "other_offset"}, status=400)
        return web.json_response({"buckets": self.buckets}, headers={OFFSET_HEADER: "41", DIGEST_HEADER: "d1"})


async def first_bucket(one: Bucketed, other: Bucketed, digest: Digest = "documents") -> int | None:
    servers = []
    for shard in (one, other):
        app = web.Application()
        app.router.add_get("/buckets", shard.answer)
        servers.append(TestServer(app))
        await servers[-1].start_server()
    async with aiohttp.ClientSession() as session:
        mine, theirs = (str(server.make_url("")).rstrip("/") for server in servers)
        found = await Examiner(session).first_bucket(2, digest, mine, theirs)
        await Examiner(session).scrub("http://127.0.0.1:1")
    for server in servers:
        await server.close()
    return found


async def test_two_replicas_are_compared_at_one_offset() -> None:
    one, other = Bucketed(["a", "b", "c"]), Bucketed(["a", "B", "C"], moves=2)
    assert await first_bucket(one, other) == 1
    assert one.asked[0] == {"partition": "2", "digest": "documents"}
    assert other.asked == [{"partition": "2", "digest": "documents", "offset": "41", "made": "d1"}] * 3
    assert await first_bucket(Bucketed(["a"]), Bucketed(["a"])) is None


async def test_it_gives_up_where_they_never_meet() -> None:
    one, other = Bucketed(["a"]), Bucketed(["b"], moves=TRIES)
    assert await first_bucket(one, other) is None and len(other.asked) == TRIES
    assert await first_bucket(Bucketed(["a"]), Bucketed(["b"], moves=TRIES - 1)) == 0
    assert await first_bucket(one, other, "structure") is None
