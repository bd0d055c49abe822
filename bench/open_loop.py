"""Sends on a schedule fixed before the start: a slow answer must not thin out the load."""

import asyncio
from collections.abc import Awaitable, Callable

OUTSTANDING_MAX = 5_000
"""More unanswered requests than this end the run: the system is far beyond its capacity."""


class Overrun(RuntimeError):
    """Too many requests are unanswered."""


async def open_loop(rate_per_s: float, seconds: float, act: Callable[[int, float], Awaitable[None]]) -> int:
    """Starts `act(i, intended_s)` at start + i / rate on the loop's clock and waits for all; returns how many ran.

    Count latency from `intended_s`, not from the start of the call. The first exception of an `act` ends the run.
    """
    clock = asyncio.get_running_loop().time
    start_s = clock() + 0.05
    outstanding: set[asyncio.Task[None]] = set()
    count = max(1, round(rate_per_s * seconds))

    async def one(number: int, intended_s: float) -> None:
        await act(number, intended_s)

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            intended_s = start_s + number / rate_per_s
            await asyncio.sleep(max(0.0, intended_s - clock()))
            if len(outstanding) >= OUTSTANDING_MAX:
                raise Overrun(f"{OUTSTANDING_MAX:,} requests are unanswered at {rate_per_s:g}/s; use a lower rate")
            task = group.create_task(one(number, intended_s))
            outstanding.add(task)
            task.add_done_callback(outstanding.discard)
    return count
