"""`freshet bench hedging`: a tiny run of all of it, and what it prints. No time is judged."""

import asyncio
import random
import subprocess
import sys

import orjson
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bench.hedging_run import WAYS
from bench.slow_proxy import SlowProxy
from freshet.run_bench_hedging import CASES, hedging_lines
from tests.waiting import LIMIT_S


def test_the_smoke_run_measures_every_way() -> None:
    command = [sys.executable, "-m", "freshet", "bench", "hedging", "--smoke", "--json"]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT_S)
    assert ended.returncode == 0, ended.stderr.decode()
    figures = orjson.loads(ended.stdout)
    for case in CASES:
        for way in WAYS:
            one = figures[case][way.name]
            assert (one["count"], one["failed"]) == (30, 0)
            assert one["extra_load"] >= 0 if way.hedges else one["extra_load"] == 0
    text = "\n".join(hedging_lines(figures))
    assert "one slow at times: 10% of its answers 50 ms later" in text


async def test_the_proxy_holds_answers_back_as_often_as_it_should() -> None:
    async def here(request: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", here)
    async with TestServer(app) as server, ClientSession() as session:
        proxy = SlowProxy(int(server.port or 0), random.Random(1))
        async with proxy.listening() as port:
            for slow_s, share, at_least_s in ((0.0, 1.0, 0.0), (0.05, 1.0, 0.05), (1_000.0, 0.0, 0.0)):
                proxy.slow_s, proxy.share = slow_s, share
                began_s = asyncio.get_running_loop().time()
                async with session.get(f"http://127.0.0.1:{port}/") as response:
                    assert await response.text() == "here"
                assert asyncio.get_running_loop().time() - began_s >= at_least_s
