"""A rush counts what a server really did: answered, refused, broken off, or said nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from freshet.drills.rush import Rush, request_of
from freshet.drills.rush_line import Lines

WHOLE = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"degraded":[]}'
PARTIAL = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"degraded":["redis"'
REFUSED = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}"
UNTOLD = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[tuple[Rush, list[int]]]:
    """A rush against it, and how many requests each of its connections carried."""
    carried: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at, turn = len(carried), 0
        carried.append(0)
        while head := await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
            carried[at] += 1
            await answer(turn, writer)
            turn += 1

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(quiet, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    try:
        yield Rush(Lines("127.0.0.1", port), [request_of("shop", "lamp")]), carried
    finally:
        running.close()


async def ask(rush: Rush, times: int, limit_s: float = 10.0) -> None:
    """One after the other, so that one connection is enough."""
    for number in range(times):
        rush.send(number, rush.lines.clock())
        while rush.lines.busy and limit_s:
            await asyncio.sleep(0)
    await rush.lines.all_answered(limit_s)


@pytest.mark.parametrize(
    ("sent", "counted"),
    [
        (WHOLE, {"good_per_s": 3.0, "late_or_partial": 0, "refused": 0, "other": 0}),
        (PARTIAL, {"good_per_s": 0.0, "late_or_partial": 3, "refused": 0, "other": 0}),
        (REFUSED, {"good_per_s": 0.0, "refused": 3, "without_retry_after": 0, "other": 0}),
        (UNTOLD, {"good_per_s": 0.0, "refused": 3, "without_retry_after": 3, "other": 0}),
    ],
)
async def test_each_answer_is_counted(sent: bytes, counted: dict[str, float]) -> None:
    async def answer(turn: int, writer: asyncio.StreamWriter) -> None:
        for at in range(len(sent)):  # in as many pieces as there can be
            writer.write(sent[at : at + 1])
            await writer.drain()

    async with server(answer) as (rush, carried):
        await ask(rush, 3)
    figures = rush.figures(0.0, 1.0)
    assert {name: figures[name] for name in counted} == counted
    assert carried == ([1, 1, 1] if sent is UNTOLD else [3])  # kept, unless the server says that it is not


async def test_what_breaks_off_is_neither_answered_nor_refused() -> None:
    async def answer(turn: int, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE[:30])
        writer.close()

    async with server(answer) as (rush, carried):
        await ask(rush, 2)
    assert (rush.figures(0.0, 1.0)["other"], carried) == (2, [1, 1])


async def test_what_is_never_answered_ends_with_the_rush() -> None:
    async def answer(turn: int, writer: asyncio.StreamWriter) -> None:
        """Nothing."""

    async with server(answer) as (rush, _):
        await ask(rush, 2, limit_s=0.0)
    assert rush.figures(0.0, 1.0)["other"] == 2


async def test_nobody_there() -> None:
    rush = Rush(Lines("127.0.0.1", 9), [request_of("shop", "lamp")])
    await ask(rush, 1)
    assert rush.figures(0.0, 1.0)["other"] == 1


async def test_a_client_that_is_refused_comes_back_later() -> None:
    async def answer(turn: int, writer: asyncio.StreamWriter) -> None:
        writer.write(REFUSED)

    async with server(answer) as (rush, carried):
        await rush.closed(2, 0.2)
    assert (rush.statuses, sum(carried)) == ({429: 2}, 2)


async def test_searches_that_come_whatever_becomes_of_them() -> None:
    async def answer(turn: int, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE)

    async with server(answer) as (rush, _):
        await rush.open(100.0, 0.2)
    assert rush.statuses == {200: 20}


async def test_a_client_that_is_late_itself_makes_answers_late_and_refusals_not() -> None:
    sent = [WHOLE, REFUSED]

    async def answer(turn: int, writer: asyncio.StreamWriter) -> None:
        writer.write(sent[turn])

    async with server(answer) as (rush, _):
        for number in range(2):
            rush.send(number, rush.lines.clock() - 100.0)
            while rush.lines.busy:
                await asyncio.sleep(0)
        await rush.lines.all_answered(1.0)
    [(_, answered_s, _)], [(_, refused_s)] = rush.answered, rush.refused
    assert answered_s >= 100.0 > refused_s
