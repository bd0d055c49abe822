"""Asks one replica, then the next when the first fails or is slow; the first good answer wins and the rest is ended."""

import asyncio
import math
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
    asks: Sequence[Callable[[], Coroutine[Any, Any, T]]],
    hedge_s: float,
    may_hedge: Callable[[], bool],
    enough: Callable[[T], bool] = lambda answer: True,
    better_within_s: float = math.inf,
) -> Won[T]:
    """The first answer that is not Unavailable, and is `enough`.

    The next of `asks` starts when one fails, or after `hedge_s` without an answer if `may_hedge` then. An answer that
    is not enough is kept while others are under way: it wins when none is left, or `better_within_s` after the call.
    Raises the last Unavailable when all fail. When this returns or is cancelled, no ask is left running.
    """
    if len(asks) == 1:  # no task and no timer for what is waited for in any case
        return Won(await asks[0](), 0, False)
    waiting = list(asks)
    running: set[asyncio.Task[T]] = set()
    hedges: set[asyncio.Task[T]] = set()
    begin, hedging = True, False
    kept: Won[T] | None = None
    last = Unavailable("there is no replica to ask")
    clock = asyncio.get_running_loop().time
    better_until_s = clock() + better_within_s
    try:
        while running or (waiting and kept is None):
            left_s = math.inf if kept is None else better_until_s - clock()
            if left_s <= 0:
                break
            if waiting and begin:
                task = asyncio.create_task(waiting.pop(0)())
                running.add(task)
                if hedging:
                    hedges.add(task)
            timeout_s = min(left_s, hedge_s if waiting else math.inf)
            done, running = await asyncio.wait(
                running, timeout=None if timeout_s == math.inf else timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            failed = False
            for task, error in [(task, task.exception()) for task in done]:  # all are heard, or asyncio complains
                if error is None:
                    won = Won(task.result(), len(hedges), task in hedges)
                    if enough(won.answer):
                        return won
                    kept = kept or won
                elif isinstance(error, Unavailable):
                    last, failed = error, True
                else:
                    raise error
            hedging = bool(waiting) and not done and may_hedge()
            begin = failed or hedging
        if kept is None:
            raise last
        return kept
    finally:
        await _end(running)


async def _end(tasks: set[asyncio.Task[T]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
