"""At the door: a search is turned away unread while the gate is full, and everything else goes through untouched."""

import asyncio
from contextlib import ExitStack, suppress
from typing import Any

import orjson
import pytest
from aiohttp import web

from schemas.metrics import Metrics
from serving.adaptive_gate import AdaptiveGate
from serving.doorkeeper import Doorkeeper, whole
from serving.patience import TAKEN_S_MAX, Patience
from tests.waiting import LIMIT_S

BODY = b'{"text":"lamp"}'
LARGE = 20_000_000
"""Beyond what the system takes for a client that reads nothing."""


def request(*headers: str, body: bytes = BODY, path: str = "/v1/search", method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: shop", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("data", "is_whole"),
    [
        (request(), True),
        (request()[:-1], False),
        (request() + b"P", False),
        (request() + request(), False),
        (request()[:20], False),
        (b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n", True),
        (request("Content-Length: 15"), False),
        (request("Transfer-Encoding: chunked"), False),
        (request("expect: 100-continue"), False),
        (request("Connection: close"), False),
        (request("Connection: keep-alive"), True),
    ],
)
def test_what_is_one_whole_request(data: bytes, is_whole: bool) -> None:
    assert whole(data) == is_whole


class Door:
    """A real server of which the gate is full at will; `asked` counts what came in."""

    def __init__(self, connections: int = 10) -> None:
        self.now_s = 0.0
        self.connections = connections
        self.gate = AdaptiveGate("searches", 1, 1.0, lambda: 0.0)
        self.gate._limit = 1.0
        self.metrics = Metrics()
        self.asked = 0
        self.is_open = True
        self.hold = asyncio.Event()
        self.hold.set()

    async def __aenter__(self) -> "Door":
        app = web.Application()
        app.router.add_post("/v1/search", self._search)
        app.router.add_post("/v1/clicks", self._search)
        app.router.add_post("/large", self._large)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        assert self._runner.server is not None
        self.patience = Patience(self.connections, self.metrics, lambda: self.now_s)
        keeper = Doorkeeper(
            self.gate, self.metrics, lambda: "made", {"X-Guard": "yes"}, lambda: self.is_open, self.patience
        )
        factory = keeper.before(self._runner.server)
        self._server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
        self.place = self._server.sockets[0].getsockname()
        self.reader, self.writer = await asyncio.open_connection(*self.place)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.writer.close()
        self._server.close()
        await self._runner.cleanup()

    async def _search(self, request: web.Request) -> web.Response:
        self.asked += 1
        await request.read()
        await self.hold.wait()
        return web.json_response({"asked": self.asked})

    async def _large(self, request: web.Request) -> web.Response:
        return web.Response(body=b"x" * LARGE)

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        async with asyncio.timeout(LIMIT_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(first.split()[1]), headers, orjson.loads(body)

    async def ask(self, data: bytes) -> tuple[int, dict[str, str], Any]:
        self.writer.write(data)
        return await self.answer()


async def test_a_search_is_turned_away_while_the_gate_is_full_and_not_after() -> None:
    async with Door() as door:
        assert (await door.ask(request()))[0] == 200
        with door.gate.inside():
            status, headers, body = await door.ask(request("X-Request-Id: mine-1"))
            assert (status, headers["retry-after"], body["code"], body["status"]) == (429, "1", "overloaded", 429)
            assert (headers["x-request-id"], headers["x-guard"]) == ("mine-1", "yes")
            assert headers["content-type"].startswith("application/problem+json")
            assert (await door.ask(request()))[1]["x-request-id"] == "made"
            assert (await door.ask(request(path="/v1/clicks")))[0] == 200, "it is no search"
        assert (await door.ask(request()))[2] == {"asked": 3}
        counted = door.metrics.registry.get_sample_value
        assert counted("freshet_shed_total", {"where": "tier"}) == 2
        assert counted("freshet_requests_total", {"route": "/v1/search", "status": "429"}) == 2


async def test_one_connection_too_many_is_closed_and_the_others_go_on() -> None:
    async with Door(connections=1) as door:
        assert (await door.ask(request()))[0] == 200
        reader, writer = await asyncio.open_connection(*door.place)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        assert (await door.ask(request()))[0] == 200


async def test_a_client_that_takes_nothing_of_its_answer_is_cut_off_and_one_that_does_is_not() -> None:
    async with Door() as door:
        reader, writer = await asyncio.open_connection(*door.place, limit=1_000)
        writer.write(request(path="/large"))
        while not any(wire.get_write_buffer_size() for wire in door.patience._full_since):
            await asyncio.sleep(0.01)
        await door.patience.look()
        door.now_s += TAKEN_S_MAX + 1
        await door.patience.look()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(LARGE)
        writer.close()
        assert (await door.ask(request()))[0] == 200


async def test_answers_come_in_the_order_of_the_requests() -> None:
    """One that is owed an answer is not overtaken by a refusal."""
    async with Door() as door:
        door.hold.clear()
        door.writer.write(request())
        while not door.asked:
            await asyncio.sleep(0.01)
        with door.gate.inside():
            door.writer.write(request())
            await asyncio.sleep(0.05)
            door.hold.set()
            assert (await door.answer())[2] == {"asked": 1}
            assert (await door.answer())[2] == {"asked": 2}


async def test_what_comes_in_pieces_goes_through_for_good() -> None:
    """What a body holds is never taken for a request."""
    async with Door() as door:
        with ExitStack() as full:
            full.enter_context(door.gate.inside())
            inner = request()
            outer = request(body=inner)
            door.writer.write(outer[: -len(inner)])
            await asyncio.sleep(0.05)
            assert (await door.ask(inner))[2] == {"asked": 1}
            assert (await door.ask(request()))[2] == {"asked": 2}


async def test_at_the_end_each_answer_closes_its_connection_so_none_is_given_here() -> None:
    async with Door() as door:
        door.is_open = False
        with door.gate.inside():
            assert (await door.ask(request()))[0] == 200
