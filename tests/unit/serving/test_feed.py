"""The feed: what a listener gets, how it goes on after a break, and that nobody can hold it up."""

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest

from schemas.errors import Overloaded
from schemas.metrics import Metrics
from serving.changes import Change
from serving.feed import (
    CHANGES_KEPT_MAX,
    CHANGES_SHOWN_FIRST,
    HEARTBEAT,
    LISTENERS_MAX,
    QUEUE_MAX,
    Feed,
    Listener,
    More,
    encoded,
)
from serving.keys.access import KEY_HEADER
from tests.unit.serving.fakes import Tier
from tests.waiting import LIMIT_S


def change(number: int) -> Change:
    return Change(event_id=f"1-0-{number}", sku="a", kind="content", received_ms=1_000)


def feed_of(count: int) -> Feed:
    feed = Feed("run", Metrics())
    for number in range(1, count + 1):
        feed.change(change(number))
    return feed


async def heard(listener: Listener) -> list[dict[str, Any]]:
    """Events until the feed is closed, read as a browser reads them."""
    text = b"".join([part async for part in listener.texts()]).decode()
    found = []
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append(fields | {"data": orjson.loads(fields["data"])})
    return found


async def test_a_new_listener_gets_the_last_states_and_the_newest_changes() -> None:
    feed = feed_of(CHANGES_SHOWN_FIRST + 1)
    feed.state("freshness", More(count=1))
    feed.state("freshness", More(count=2))
    with feed.listening() as listener:
        feed.close()
        state, *changes = await heard(listener)
    assert (state["event"], state["data"]) == ("freshness", {"count": 2})
    assert [one["id"] for one in changes] == [f"run-{number}" for number in range(2, CHANGES_SHOWN_FIRST + 2)]


async def test_one_that_comes_back_gets_what_it_missed() -> None:
    feed = feed_of(5)
    with feed.listening("run-3") as listener:
        feed.change(change(6))
        feed.close()
        assert [one["id"] for one in await heard(listener)] == ["run-4", "run-5", "run-6"]


@pytest.mark.parametrize(("since", "gone"), [(1, 0), (0, 1)])
async def test_what_is_no_longer_kept_is_counted(since: int, gone: int) -> None:
    feed = feed_of(CHANGES_KEPT_MAX + 1)
    with feed.listening(f"run-{since}") as listener:
        feed.close()
        found = await heard(listener)
    assert [one["data"]["count"] for one in found if one["event"] == "more"] == [gone] * (gone > 0)
    assert sum(one["event"] == "change" for one in found) == CHANGES_KEPT_MAX


@pytest.mark.parametrize("last", ["other-3", "run-", "run-x", "3", "run-99"])
async def test_an_id_of_another_run_means_nothing(last: str) -> None:
    feed = feed_of(2)
    with feed.listening(last) as listener:
        feed.close()
        assert len(await heard(listener)) == (0 if last == "run-99" else 2)


@pytest.mark.parametrize("more", [0, 1])
async def test_a_slow_listener_is_told_and_let_go(more: int) -> None:
    feed = Feed("run", Metrics())
    with feed.listening() as listener:
        for number in range(QUEUE_MAX + more):
            feed.change(change(number))
        if not more:
            feed.close()
        events = [one["event"] for one in await heard(listener)]
    assert events == (["dropped"] if more else ["change"] * QUEUE_MAX)


def test_so_many_may_listen() -> None:
    feed = Feed("run", Metrics())
    contexts = [feed.listening() for _ in range(LISTENERS_MAX)]
    for context in contexts:
        context.__enter__()
    with pytest.raises(Overloaded), feed.listening():
        pass
    contexts[0].__exit__(None, None, None)
    with feed.listening():
        assert feed.heard


async def test_when_nothing_happens_the_connection_is_kept_alive() -> None:
    with Feed("run", Metrics()).listening() as listener:
        async with asyncio.timeout(LIMIT_S):
            assert await anext(listener.texts(heartbeat_s=0.01)) == HEARTBEAT


def test_an_event_is_one_line_of_json() -> None:
    assert encoded("more", More(count=3), "run-1") == b'id: run-1\nevent: more\ndata: {"count":3}\n\n'


async def next_block(response: aiohttp.ClientResponse) -> bytes:
    async with asyncio.timeout(LIMIT_S):
        return await response.content.readuntil(b"\n\n")


async def test_it_is_streamed_with_the_headers_of_every_answer_and_ends_with_the_process() -> None:
    async with Tier() as tier:
        tier.wiring.feed.change(change(1))
        response = await tier.client.get("/v1/feed")
        assert (response.status, response.content_type) == (200, "text/event-stream")
        assert response.headers["Cache-Control"] == "no-cache, no-transform"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Request-Id"]
        assert b"id: run-1" in await next_block(response)
        tier.wiring.feed.change(change(2))
        assert b'"event_id":"1-0-2"' in await next_block(response)
        assert tier.counted("freshet_feed_listeners") == 1
        tier.wiring.feed.close()
        async with asyncio.timeout(LIMIT_S):
            assert await response.content.read() == b""


async def test_a_listener_that_goes_away_is_forgotten() -> None:
    async with Tier() as tier:
        feed = tier.wiring.feed
        response = await tier.client.get("/v1/feed")
        response.close()
        async with asyncio.timeout(LIMIT_S):
            while feed.heard:
                feed.more(1)
                await asyncio.sleep(0.01)


async def test_it_needs_the_key_once_there_is_one() -> None:
    async with Tier(admin_key="a-key") as tier:
        assert (await tier.client.get("/v1/feed")).status == 401
        response = await tier.client.get("/v1/feed", headers={KEY_HEADER: "a-key"})
        assert response.status == 200
        tier.wiring.feed.close()
        await response.read()
