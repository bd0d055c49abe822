"""Work beside the requests goes on after an error, and is ended and closed in reverse."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from aiohttp.test_utils import TestServer

from schemas.errors import Unavailable
from schemas.metrics import Metrics
from serving.app import create_app
from serving.background import repeating
from serving.watchdog import LATE_S, tick
from tests.unit.serving.fakes import Clock, Lines, Tier
from tests.waiting import LIMIT_S


async def test_an_error_is_logged_once_and_the_work_goes_on() -> None:
    lines, steps, third = Lines(), [Unavailable("away"), Unavailable("away"), KeyError("bug")], asyncio.Event()

    async def step() -> None:
        if not steps:
            third.set()
            return
        raise steps.pop(0)

    async with repeating("work", step, 0.0, lines):
        async with asyncio.timeout(LIMIT_S):
            await third.wait()
    assert [(level, event) for level, event, _ in lines.lines] == [
        ("warning", "background_waits"),
        ("error", "background_failed"),
    ]


async def test_leaving_ends_the_work() -> None:
    before = asyncio.all_tasks()

    async def step() -> None:
        await asyncio.Event().wait()

    async with repeating("work", step, 0.0, Lines()):
        assert asyncio.all_tasks() != before
    assert asyncio.all_tasks() == before


async def test_work_that_loses_a_cancellation_ends_all_the_same() -> None:
    """As `wait_for` does on Python 3.11 when its time is up and what it waits for has just ended."""
    lost = asyncio.Event()

    async def step() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if lost.is_set():
                raise
            lost.set()

    async with asyncio.timeout(LIMIT_S):
        async with repeating("work", step, 0.0, Lines()):
            await asyncio.sleep(0)
    assert lost.is_set()


async def test_the_parts_are_closed_in_reverse() -> None:
    said = []

    def part(name: str) -> Callable[[], AbstractAsyncContextManager[None]]:
        @asynccontextmanager
        async def run() -> AsyncIterator[None]:
            said.append(f"open {name}")
            yield
            said.append(f"close {name}")

        return run

    async with Tier() as tier:
        server = TestServer(create_app(replace(tier.wiring, background=(part("a"), part("b")))))
        await server.start_server()
        await server.close()
    assert said == ["open a", "open b", "close b", "close a"]


async def test_a_late_loop_is_measured_and_told() -> None:
    clock, metrics, lines, heard = Clock(), Metrics(), Lines(), list[float]()

    def later(by_s: float) -> None:
        clock.now_s += by_s

    for by_s, told in [(LATE_S, 0), (LATE_S + 0.01, 1)]:
        asyncio.get_running_loop().call_soon(later, by_s)
        await tick(clock, metrics, lines, heard.append, tick_s=0.0)
        lag_s = metrics.registry.get_sample_value("freshet_loop_lag_seconds")
        assert lag_s is not None
        assert abs(lag_s - by_s) < 1e-6
        assert heard[-1] == lag_s
        assert len(lines.lines) == told
