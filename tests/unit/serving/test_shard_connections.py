"""Questions over connections that are kept: closed ones are not met twice, and nothing that is strange is an answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvloop
from aiohttp import web
from aiohttp.test_utils import TestServer

from serving.shard_connections import Answer, ShardConnections, Strange, TooLarge

LIMIT = 1_000
Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(speak: Speak) -> AsyncIterator[str]:
    async def closed_at_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speak(reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(closed_at_the_end, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/search"


async def question(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n{}")


def saying(*said: bytes) -> Speak:
    """The same answer, in these pieces, to every question of a connection."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                await question(reader)
            except asyncio.IncompleteReadError:
                return
            for piece in said:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)

    return speak


async def test_a_server_is_asked_over_one_connection_question_after_question() -> None:
    heard: list[tuple[str, str | None, str, bytes]] = []
    ports = set()

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        heard.append((request.method, request.headers.get("X-Own"), request.path_qs, await request.read()))
        return web.json_response({"long": "x" * 200_000}, status=201)

    app = web.Application()
    app.router.add_route("*", "/search", answer)
    async with TestServer(app) as server:
        connections = ShardConnections(1_000_000)
        url = str(server.make_url("/search"))
        for _ in range(3):
            status, body = await connections.ask("POST", url, b"X-Own: 7\r\n", b"{}")
            assert status == 201 and len(body) > 200_000
        assert (await connections.ask("GET", f"{url}?a=%20", b"", b"")).status == 201
        await asyncio.gather(*(connections.ask("POST", url, b"", b"{}") for _ in range(2)))
        connections.close()
    assert heard[:1] == [("POST", "7", "/search", b"{}")] and heard[3] == ("GET", None, "/search?a=%20", b"")
    assert len(ports) == 2


async def test_an_answer_may_come_in_pieces() -> None:
    async with peer(saying(b"HTTP/1.1 200 O", b"K\r\ncontent-length: 4\r\n\r", b"\n12", b"34")) as url:
        connections = ShardConnections(LIMIT)
        for _ in range(2):
            assert await connections.ask("POST", url, b"", b"{}") == Answer(200, b"1234")
        connections.close()


@pytest.mark.parametrize("before_it_is_used", [True, False])
async def test_one_that_was_closed_while_it_waited_is_replaced(before_it_is_used: bool) -> None:
    asked = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await question(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        if not before_it_is_used:
            await question(reader)  # and closes it without an answer

    async with peer(once) as url:
        connections = ShardConnections(LIMIT)
        for _ in range(3):
            assert (await connections.ask("POST", url, b"", b"{}")).body == b"1"
            if before_it_is_used:
                await asyncio.sleep(0.05)
        connections.close()
    assert asked == 3


async def test_a_question_that_is_given_up_closes_its_connection() -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await question(reader)
        assert await reader.read() == b""
        gone.set()

    async with peer(silent) as url:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ShardConnections(LIMIT).ask("POST", url, b"", b"{}")
        await asyncio.wait_for(gone.wait(), 10)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", TooLarge),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Strange),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n12", Strange),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", Strange),
        (b"x" * 20_000, Strange),
    ],
)
async def test_what_is_no_answer_of_a_shard_is_none(said: bytes, error: type[Exception]) -> None:
    async with peer(saying(said)) as url:
        with pytest.raises(error):
            await ShardConnections(LIMIT).ask("POST", url, b"", b"{}")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1"])
async def test_one_that_ends_before_the_whole_answer_is_an_error(said: bytes) -> None:
    async def ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await question(reader)
        writer.write(said)

    async with peer(ends) as url:
        with pytest.raises(ConnectionError):
            await ShardConnections(LIMIT).ask("POST", url, b"", b"{}")


async def test_an_answer_that_says_close_is_the_last_of_its_connection() -> None:
    met = 0

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        await question(reader)
        writer.write(b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async with peer(closing) as url:
        connections = ShardConnections(LIMIT)
        assert [(await connections.ask("POST", url, b"", b"{}")).status for _ in range(2)] == [503, 503]
    assert met == 2


def test_the_event_loop_of_the_tiers_process_has_transports_of_its_own() -> None:
    async def asked() -> list[Answer]:
        async with peer(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n12")) as url:
            connections = ShardConnections(LIMIT)
            found = [await connections.ask("POST", url, b"", b"{}") for _ in range(2)]
            connections.close()
        return found

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(asked()) == [Answer(200, b"12")] * 2
