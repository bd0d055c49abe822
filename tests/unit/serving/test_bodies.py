"""Bodies that never end are given up."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from serving.bodies import read_body
from serving.problems import Refusal, explain

KIND = "application/json"


async def test_a_body_that_does_not_end_is_given_up() -> None:
    async def handler(request: web.Request) -> web.Response:
        try:
            return web.Response(body=await read_body(request, 1_000, (KIND,), read_s_max=0.05))
        except Refusal as refusal:
            return explain(refusal)

    answered = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await answered.wait()

    app = web.Application()
    app.router.add_post("/", handler)
    async with TestClient(TestServer(app)) as client:
        headers = {"Content-Type": KIND}
        async with client.post("/", data=endless(), headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (408, "body_too_slow")
            answered.set()
        async with client.post("/", data=b"{}", headers=headers) as response:
            assert await response.read() == b"{}"
