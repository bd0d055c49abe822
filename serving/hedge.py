"""Asks one replica, then the next when the first fails or is slow; the first good answer wins and the rest is ended."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.errors import Unavailable

T = TypeVar("T")


class Won(NamedTuple, Generic[T]):
    answer: T
    hedges: int
    """Asks that were begun because another was slow."""
    by_hedge: bool
    """Whether the answer is of one of them."""


async def first_good(
    asks: Sequence[Callable[[], Coroutine[Any, Any, T]]], hedge_s: float, may_hedge: Callable[[], bool]
) -> Won[T]:
    """The first answer that is not Unavailable.

    The next of `asks` starts when one fails, or after `hedge_s` without an answer if `may_hedge` then. Raises the last
    Unavailable when all fail. When this returns or is cancelled, no ask is left running.
    """
    waiting = list(asks)
    running: set[asyncio.Task[T]] = set()
    hedges: set[asyncio.Task[T]] = set()
    begin, hedging = True, False
    last = Unavailable("there is no replica to ask")
    try:
        while waiting or running:
            if waiting and begin:
                task = asyncio.create_task(waiting.pop(0)())
                running.add(task)
                if hedging:
                    hedges.add(task)
            done, running = await asyncio.wait(
                running, timeout=hedge_s if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task, error in [(task, task.exception()) for task in done]:  # all are heard, or asyncio complains
                if error is None:
                    return Won(task.result(), len(hedges), task in hedges)
                if not isinstance(error, Unavailable):
                    raise error
                last = error
            hedging = not done and may_hedge()
            begin = bool(done) or hedging
        raise last
    finally:
        await _end(running)


async def _end(tasks: set[asyncio.Task[T]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
