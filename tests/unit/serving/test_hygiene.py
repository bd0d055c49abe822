"""What the tier does for browsers, caches and networks, and against clients that take too much of it."""

import asyncio
import resource
from typing import Any

import pytest

from schemas.hits import Hit
from schemas.metrics import Metrics
from serving.compressing import COMPRESSED_BYTES_MIN, IN_LOOP_BYTES_MAX
from serving.keys.minting import new_key
from serving.patience import CONNECTIONS_MAX, FILES_KEPT, TAKEN_S_MAX, Patience, connections_max
from tests.unit.serving.fakes import Clock, FakeShard, Tier, hit
from tests.unit.serving.test_access import stored

FAR = {"X-Forwarded-For": "203.0.113.7"}


def one(**more: Any) -> FakeShard:
    shown: Hit = hit("a").model_copy(update=more)
    return FakeShard(skus={"a": {"hit": shown.model_dump(mode="json"), "deleted": False, "waiting": None}})


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/v1/skus/a", "public, no-cache"),
        ("/v1/suggest?text=la", "public, max-age=1"),
        ("/openapi.json", "public, max-age=60"),
        ("/docs/api", "public, no-cache"),
        ("/docs", "public, no-cache"),
    ],
)
async def test_what_anybody_may_see_is_asked_after_and_not_sent_again(path: str, rule: str) -> None:
    async with Tier([[one()]]) as tier:
        first = await tier.client.get(path)
        assert (first.status, first.headers["Cache-Control"]) == (200, rule)
        tag = first.headers["ETag"]
        assert {"Authorization", "X-Freshet-Key", "X-Freshet-At-Least"} <= set(first.headers["Vary"].split(", "))
        for given in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
            again = await tier.client.get(path, headers={"If-None-Match": given})
            assert (again.status, again.headers["ETag"], await again.read()) == (304, tag, b"")
            policy = "Content-Security-Policy"
            assert again.headers[policy] == first.headers[policy], "it replaces the one that the client has kept"
        assert (await tier.client.get(path, headers={"If-None-Match": '"other"'})).status == 200


async def test_another_product_is_another_answer_and_another_offset_is_none() -> None:
    async with Tier([[one()]]) as tier:
        shard = tier.replicas[0][0]
        tag = (await tier.client.get("/v1/skus/a")).headers["ETag"]
        shard.state = shard.state.model_copy(update={"documents_offset": 11})
        assert (await tier.client.get("/v1/skus/a", headers={"If-None-Match": tag})).status == 304
        shard.skus["a"]["hit"]["in_stock"] = False
        changed = await tier.client.get("/v1/skus/a", headers={"If-None-Match": tag})
        assert changed.status == 200 and changed.headers["ETag"] != tag


async def test_what_a_key_sees_or_a_client_waits_for_is_not_kept() -> None:
    key = new_key("reader00")
    async with Tier([[one()]]) as tier:
        tier.wiring.access.ring.use([stored(key, "search")])
        for headers in ({"X-Freshet-Key": key}, {"X-Freshet-At-Least": ""}):
            response = await tier.client.get("/v1/skus/a", headers=headers)
            assert response.headers["Cache-Control"] == "no-store" and "ETag" not in response.headers
        assert (await tier.client.get("/v1/skus/none")).headers["Cache-Control"] == "no-store"
        searched = await tier.client.post("/v1/search", json={"text": "lamp"})
        assert searched.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("sent", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0, br", False),
        ("gzip; q=0.000", False),
    ],
)
async def test_far_clients_get_large_answers_packed_if_they_take_it(sent: str, takes: bool) -> None:
    many = FakeShard(hits=[hit(f"sku-{number}") for number in range(20)])
    async with Tier([[many]], trusted_proxies=1, answer_cache_mb=0.0) as tier:

        async def ask(**headers: str) -> tuple[str | None, dict[str, Any]]:
            """The client unpacks by itself."""
            response = await tier.client.post("/v1/search", json={"text": "lamp", "limit": 20}, headers=headers)
            return response.headers.get("Content-Encoding"), await response.json()

        coding, found = await ask(**{"Accept-Encoding": sent}, **FAR)
        assert coding == ("gzip" if takes else None) and len(found["hits"]) == 20
        assert (await ask(**{"Accept-Encoding": "gzip"}))[0] is None  # this machine


@pytest.mark.parametrize(("size", "packs"), [(COMPRESSED_BYTES_MIN - 1, False), (COMPRESSED_BYTES_MIN, True)])
async def test_small_answers_go_as_they_are(size: int, packs: bool) -> None:
    async with Tier([[one()]], trusted_proxies=1) as tier:
        headers = {"Accept-Encoding": "gzip", **FAR}
        empty = len(await (await tier.client.get("/v1/skus/a")).read())
        title = "A lamp" + "x" * (size - empty)
        tier.replicas[0][0].skus["a"]["hit"]["content"]["title"] = title
        response = await tier.client.get("/v1/skus/a", headers=headers)
        assert ("Content-Encoding" in response.headers, "Accept-Encoding" in response.headers["Vary"]) == (packs, packs)
        assert (await response.json())["hit"]["content"]["title"] == title


async def test_the_largest_answers_are_packed_too() -> None:
    async with Tier([[one()]], trusted_proxies=1) as tier:
        tier.replicas[0][0].skus["a"]["hit"]["content"]["description"] = "lamp " * (IN_LOOP_BYTES_MAX // 5)
        response = await tier.client.get("/v1/skus/a", headers={"Accept-Encoding": "gzip", **FAR})
        assert response.headers["Content-Encoding"] == "gzip"
        assert len((await response.json())["hit"]["content"]["description"]) >= IN_LOOP_BYTES_MAX


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"GET /healthz?{'a' * 8_000} HTTP/1.1\r\nHost: a\r\n", 200),
        (f"GET /healthz?{'a' * 8_200} HTTP/1.1\r\nHost: a\r\n", 400),
        (f"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: {'a' * 8_000}\r\n", 200),
        (f"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: {'a' * 8_200}\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n" + "X-A: a\r\n" * 120, 200),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n" + "X-A: a\r\n" * 130, 400),
    ],
)
async def test_heads_are_bounded(head: str, status: int) -> None:
    async with Tier() as tier:
        reader, writer = await asyncio.open_connection("127.0.0.1", tier.client.port)
        writer.write(head.encode() + b"\r\n")
        assert f" {status} ".encode() in await reader.readline()
        writer.close()


class Wire:
    """A transport with so much to be taken."""

    def __init__(self) -> None:
        self.waiting = 0
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.aborted = True


async def test_who_takes_nothing_of_an_answer_for_too_long_is_cut_off() -> None:
    clock, metrics = Clock(), Metrics()
    patience, stuck, slow, idle = Patience(3, metrics, clock), Wire(), Wire(), Wire()
    wires: list[Any] = [stuck, slow, idle]
    assert all(patience.came(wire) for wire in wires)
    stuck.waiting = slow.waiting = 100
    await patience.look()
    clock.now_s += TAKEN_S_MAX
    await patience.look()
    assert not stuck.aborted
    slow.waiting = 0
    await patience.look()
    slow.waiting = 100
    clock.now_s += 0.1
    await patience.look()
    assert [wire.aborted for wire in wires] == [True, False, False]
    assert metrics.registry.get_sample_value("freshet_connections_cut_total", {"reason": "not_taken"}) == 1


async def test_so_many_connections_and_no_more() -> None:
    metrics = Metrics()
    patience = Patience(2, metrics, Clock())
    wires: list[Any] = [Wire() for _ in range(4)]
    assert [patience.came(wire) for wire in wires[:3]] == [True, True, False]
    assert wires[2].aborted and not wires[0].aborted
    patience.went(wires[0])
    assert patience.came(wires[3])
    assert metrics.registry.get_sample_value("freshet_connections") == 2
    assert metrics.registry.get_sample_value("freshet_connections_cut_total", {"reason": "too_many"}) == 1


def test_connections_follow_from_the_files_that_may_be_open() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        found = connections_max()
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert 1 <= found <= CONNECTIONS_MAX and (soft == resource.RLIM_INFINITY or found <= max(1, soft - FILES_KEPT))
        assert soft == resource.RLIM_INFINITY or soft >= before[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
