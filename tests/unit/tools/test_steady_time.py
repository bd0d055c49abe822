"""The event loop of the tests: a slow moment of the machine is no time."""

import asyncio
import time

import pytest

from tests.steady_time import STEP_S, SteadyLoop

STOP_S = 0.2


async def test_all_tests_run_on_it_and_a_stop_of_the_process_ends_no_timeout() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SteadyLoop)
    async with asyncio.timeout(STOP_S / 2):
        began_s = loop.time()
        time.sleep(STOP_S)  # noqa: ASYNC251
        assert loop.time() - began_s == pytest.approx(STEP_S)
        await asyncio.sleep(0.001)


def test_on_the_usual_loop_the_timeout_ends() -> None:
    async def stopped() -> None:
        async with asyncio.timeout(STOP_S / 2):
            time.sleep(STOP_S)  # noqa: ASYNC251
            await asyncio.sleep(0.001)

    with pytest.raises(TimeoutError), asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(stopped())


async def test_a_wait_takes_its_time() -> None:
    began_s, real_s = asyncio.get_running_loop().time(), time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.Event().wait()
    assert asyncio.get_running_loop().time() - began_s >= 0.05
    assert time.monotonic() - real_s >= 0.05
