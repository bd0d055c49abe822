"""Asks one replica, then the next when the first fails or is slow; the first good answer wins and the rest is ended."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from schemas.errors import Unavailable

T = TypeVar("T")


async def first_good(asks: Sequence[Callable[[], Coroutine[Any, Any, T]]], hedge_s: float) -> T:
    """The first answer that is not Unavailable.

    The next of `asks` starts when one fails, or after `hedge_s` without an answer. Raises the last Unavailable when
    all fail. When this returns or is cancelled, no ask is left running.
    """
    waiting = list(asks)
    running: set[asyncio.Task[T]] = set()
    last = Unavailable("there is no replica to ask")
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(waiting.pop(0)()))
            done, running = await asyncio.wait(
                running, timeout=hedge_s if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if error is None:
                    return task.result()
                if not isinstance(error, Unavailable):
                    raise error
                last = error
        raise last
    finally:
        await _end(running)


async def _end(tasks: set[asyncio.Task[T]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
