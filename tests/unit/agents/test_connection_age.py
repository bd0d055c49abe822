"""A worker's connections end when they are old: a burst leaves none behind, and no question is lost over it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from agents.connection_age import AGE_S_MAX
from agents.health import runner_of

BURST = 8


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Server:
    """Answers once as many ask as it waits for."""

    def __init__(self, clock: Clock) -> None:
        self.asked = 0
        self.all_here = asyncio.Event()
        app = web.Application()
        app.router.add_get("/", self.answer)
        self.runner = runner_of(app, clock)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.asked == BURST:
            self.all_here.set()
        await self.all_here.wait()
        return web.Response()

    @property
    def connections(self) -> int:
        assert self.runner.server is not None
        return len(self.runner.server.connections)


@asynccontextmanager
async def serving(clock: Clock) -> AsyncIterator[tuple[Server, aiohttp.ClientSession, str]]:
    server = Server(clock)
    await server.runner.setup()
    await web.TCPSite(server.runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as client:
        yield server, client, f"http://127.0.0.1:{server.runner.addresses[0][1]}/"
    await server.runner.cleanup()


async def ask(client: aiohttp.ClientSession, url: str) -> str:
    async with client.get(url) as answer:
        assert answer.status == 200
        return answer.headers.get("Connection", "")


async def test_what_a_burst_opened_ends_when_it_is_old() -> None:
    clock = Clock()
    async with serving(clock) as (server, client, url):
        await asyncio.gather(*(ask(client, url) for _ in range(BURST)))
        clock.now_s += AGE_S_MAX - 0.1
        assert [await ask(client, url) for _ in range(2 * BURST)] == [""] * 2 * BURST
        assert server.connections == BURST  # in turn: none of them is idle for long

        clock.now_s += 0.1
        assert [await ask(client, url) for _ in range(BURST)] == ["close"] * BURST
        assert [await ask(client, url) for _ in range(2 * BURST)] == [""] * 2 * BURST
        assert server.connections == 1


async def test_a_young_connection_stays_beside_an_old_one() -> None:
    clock = Clock()
    async with serving(clock) as (server, client, url):
        server.all_here.set()
        await ask(client, url)
        clock.now_s += AGE_S_MAX
        async with aiohttp.ClientSession() as another:
            assert await ask(another, url) == ""
            assert await ask(client, url) == "close"
            assert await ask(another, url) == ""
