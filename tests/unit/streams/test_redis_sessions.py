"""Redis away or slow: one call pays for it, then all fail at once until a probe finds it well."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from freshet.runtime.ports import free_port
from schemas.errors import Unavailable
from schemas.sessions import Counted, History, Place, SessionClick, SessionVector
from streams.redis_sessions import CLICKS_PER_CALL_MAX, SLOW_IN_A_ROW, RedisSessions, _in_parts
from streams.session_format import PLACE_BYTES, history_head, read_history, read_vector, write_vector
from tests.waiting import LIMIT_S

OK = b"+OK\r\n"
NOTHING = b"*2\r\n$-1\r\n$-1\r\n"


@asynccontextmanager
async def server(answer: Callable[[bytes], bytes], delay_s: float = 0.0) -> AsyncIterator[str]:
    """Speaks just enough Redis: `answer` gets each command's bytes."""

    ended: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(end := asyncio.Event())
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await asyncio.sleep(delay_s)
                writer.write(b"".join(answer(command) for command in data.split(b"*")[1:]))
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        end.set()

    listening = await asyncio.start_server(serve, "127.0.0.1")
    async with listening:
        yield f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}/0?protocol=2"
        await asyncio.gather(*(end.wait() for end in ended))


def reply(command: bytes) -> bytes:
    return NOTHING if b"MGET" in command else b"+PONG\r\n" if b"PING" in command else OK


class Clock:
    """Each look is `step_s` later."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.step_s = 0.0

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


async def test_a_redis_that_is_away_is_asked_once() -> None:
    sessions = RedisSessions(f"redis://127.0.0.1:{free_port()}/0", 1)
    for message in ("does not answer", "a moment ago", "a moment ago"):
        with pytest.raises(Unavailable, match=message):
            await sessions.read("s")
    assert sessions.broken
    with pytest.raises(Unavailable, match="does not answer"):
        await sessions.probe()
    assert sessions.broken
    await sessions.close()


async def test_it_is_asked_again_once_a_probe_found_it() -> None:
    async with server(reply) as url:
        sessions = RedisSessions(url, 1)
        sessions.broken = True
        await sessions.probe()
        assert await sessions.read("s") is None
        await sessions.close()


async def test_the_breaker_stays_open_while_a_probe_waits() -> None:
    silent = asyncio.Event()

    def answer(command: bytes) -> bytes:
        silent.set()
        return b"" if b"PING" in command else OK

    async with server(answer) as url:
        sessions = RedisSessions(url, 1)
        sessions.broken = True
        probing = asyncio.create_task(sessions.probe())
        await silent.wait()
        with pytest.raises(Unavailable, match="a moment ago"):
            await sessions.read("s")
        with pytest.raises(Unavailable, match="Timeout"):
            await probing
        assert sessions.broken
        await sessions.close()


@pytest.mark.parametrize(("slow", "broken"), [(SLOW_IN_A_ROW - 1, False), (SLOW_IN_A_ROW, True)])
async def test_slow_answers_in_a_row_open_the_breaker(slow: int, broken: bool) -> None:
    clock = Clock()
    async with server(reply) as url:
        sessions = RedisSessions(url, 1, timeout_s=5.0, slow_s=0.02, clock=clock)
        clock.step_s = 0.03
        for _ in range(slow):
            await sessions.read("s")
        assert sessions.broken is broken
        if broken:
            with pytest.raises(Unavailable, match="slow"):
                await sessions.probe()
        clock.step_s = 0.01
        await sessions.probe()
        assert not sessions.broken and await sessions.read("s") is None
        await sessions.close()


async def test_a_redis_that_is_slow_for_real_is_soon_left_alone() -> None:
    async with server(reply, delay_s=0.03) as url:
        sessions = RedisSessions(url, 1)
        for _ in range(SLOW_IN_A_ROW):
            with suppress(Unavailable):  # the first one connects, step by step
                await sessions.read("s")
        with pytest.raises(Unavailable, match="a moment ago"):
            await sessions.read("s")
        with pytest.raises(Unavailable):
            await sessions.probe()
        await sessions.close()


async def test_a_fast_answer_forgives_the_slow_ones() -> None:
    clock = Clock()
    async with server(reply) as url:
        sessions = RedisSessions(url, 1, timeout_s=5.0, slow_s=0.02, clock=clock)
        for _ in range(3):
            for clock.step_s in (*[0.03] * (SLOW_IN_A_ROW - 1), 0.01):
                await sessions.read("s")
        assert not sessions.broken
        await sessions.close()


async def test_an_answer_that_never_comes_is_waited_for_within_the_timeout() -> None:
    async with server(lambda command: b"" if b"MGET" in command else OK) as url:
        sessions = RedisSessions(url, 1)
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises(Unavailable, match="Timeout"):
                await sessions.read("s")
        await sessions.close()


async def test_an_error_of_redis_is_no_reason_to_stop_asking() -> None:
    async with server(lambda command: b"-ERR no\r\n" if b"MGET" in command else OK) as url:
        sessions = RedisSessions(url, 1)
        for _ in range(2):
            with pytest.raises(Unavailable, match="refuses"):
                await sessions.read("s")
        assert not sessions.broken
        await sessions.close()


async def test_an_answer_that_is_no_history_counts_and_gives_no_items() -> None:
    unknown = b"\x01" + b"\0" * 20 + b"\x09\0\0\0\0\0\x01a"

    def answer(command: bytes) -> bytes:
        return b"*2\r\n:1\r\n$%d\r\n%s\r\n" % (len(unknown), unknown) if b"EVALSHA" in command else OK

    async with server(answer) as url:
        sessions = RedisSessions(url, 1, timeout_s=5.0, slow_s=5.0)
        (counted,) = await sessions.count(7, [SessionClick("s", "a", "click", 4, 0)], 0)
        assert counted == Counted("s", 1, 0, History(Place(7, 4), ()))
        await sessions.close()


@pytest.mark.parametrize(("count", "calls"), [(CLICKS_PER_CALL_MAX, 1), (CLICKS_PER_CALL_MAX + 1, 2)])
def test_a_call_of_the_script_holds_so_many_clicks(count: int, calls: int) -> None:
    clicks = [SessionClick("s", "a", "click", offset, 0) for offset in range(count)]
    parts = list(_in_parts(clicks))
    assert len(parts) == calls and [one for part in parts for one in part] == clicks


def test_a_vector_reads_as_it_was_written() -> None:
    vector = SessionVector(Place(4_000_000_000, 2**53), "all-MiniLM-L6-v2", b"\x00\x3c\x00\x00")
    assert read_vector(write_vector(vector)) == vector
    assert len(history_head(vector.place)) == PLACE_BYTES


@pytest.mark.parametrize("raw", [b"", b"x", b"\x02" + b"\0" * 20, b"\x01" + b"\0" * 20 + b"\x09\0\0\0\0\0\x01a"])
def test_other_bytes_are_no_history(raw: bytes) -> None:
    with pytest.raises(ValueError, match="history"):
        read_history(raw)
    with pytest.raises(ValueError, match="vector"):
        read_vector(raw[:3])
