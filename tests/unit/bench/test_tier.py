"""The benchmark of the query tier, against a server of this process: what is asked, counted and refused."""

import asyncio
import os
from collections import Counter

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bench.shop import ShopError
from bench.tier import Clients, measure_tier, request_of, ways
from freshet.run_bench_tier import lines


async def measured(answers_kept: bool, asked: Counter[tuple[str, str]]) -> dict[str, object]:
    async def search(request: web.Request) -> web.Response:
        control = request.headers.get("Cache-Control", "")
        asked[control, (await request.json())["text"]] += 1
        return web.json_response({"cached": answers_kept and not control})

    app = web.Application()
    app.router.add_post("/v1/search", search)
    async with TestServer(app) as server:
        url, pids = str(server.make_url("")).rstrip("/"), {"serving": os.getpid()}
        return await asyncio.to_thread(measure_tier, url, pids, seconds=0.1, clients=3)


async def test_one_search_is_asked_again_and_again_and_then_others() -> None:
    asked: Counter[tuple[str, str]] = Counter()
    figures = await measured(True, asked)
    (kept,) = [text for control, text in asked if not control]
    assert len({text for control, text in asked if control == "no-cache"}) > 3 and figures["servers"] == 1
    for found in figures["ways"].values():  # type: ignore[attr-defined]
        half = found["at_half"]
        assert abs(half["count"] - half["per_s"] * 0.1) <= 1 and found["requests"] > 3
    assert asked["", kept] > figures["ways"]["cached"]["requests"]  # type: ignore[index]
    assert [line.split()[0] for line in lines(figures)][2:] == ["cached", "uncached"]


async def test_who_is_refused_comes_back_and_is_counted() -> None:
    """A tier on a slow machine lets in fewer than ask."""
    asked = 0

    async def search(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response({"cached": True}, status=429 if asked % 5 == 0 else 200)

    app = web.Application()
    app.router.add_post("/v1/search", search)
    async with TestServer(app) as server:
        clients = await asyncio.to_thread(Clients, str(server.make_url("")).rstrip("/"), 1, "")
        clients.retry_s = 0.0
        waits_ms = await asyncio.to_thread(clients.ask_at, ways()["uncached"], 1.0, 20.0)
        answered, _ = await asyncio.to_thread(clients.ask_again, ways()["uncached"], 0.1)
        clients.close()
    assert len(waits_ms) == 16 and clients.refused.total() == asked // 5 and answered == asked - 20 - (asked // 5 - 4)


async def test_it_says_so_when_no_answer_is_given_again() -> None:
    with pytest.raises(ShopError, match="not given again"):
        await measured(False, Counter())


def test_a_request_carries_its_key() -> None:
    assert b"X-Freshet-Key: fk\r\n" in request_of("h", b"{}", "fk", True)
    assert request_of("h", b"{}", "", False).endswith(b"Cache-Control: no-cache\r\n\r\n{}")
