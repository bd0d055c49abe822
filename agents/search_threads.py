"""Threads for searches: a free one takes what is waiting and answers it in one go; nothing waits for more to come."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, Generic, NamedTuple, TypeVar

from schemas.errors import Overloaded

SEARCHES_MAX: Final = 64
"""Searches that wait or run; more are refused at once, so that a queue never eats the budget of all."""
SEARCH_BATCH_MAX: Final = 8
"""Searches that one thread answers in one go: the first of them waits for the last."""
SWITCH_S: Final = 0.0005
"""A thread that wants to run Python waits at most so long for the one that does: `sys.setswitchinterval` of a shard
process. A search needs its turn several times and the writer is busy for many ms: with Python's 5 ms the slowest
hundredth of the searches waited twice as long. With a tenth of a ms the event loop is interrupted so often that the
endpoint answered an eighth fewer."""
Q = TypeVar("Q")
A = TypeVar("A")


class Asked(NamedTuple, Generic[Q, A]):
    question: Q
    future: "asyncio.Future[A]"


class SearchThreads(Generic[Q, A]):
    """Calls `answer` with the questions of several requests at once; for each it returns an answer or an error.

    `answer` runs in up to `threads` threads at a time.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Q]], Sequence[A | Exception]],
        threads: int,
        batch_max: int = SEARCH_BATCH_MAX,
        searches_max: int = SEARCHES_MAX,
    ) -> None:
        self._answer = answer
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._threads_max = threads
        self._batch_max = batch_max
        self._searches_max = searches_max
        self._asked = 0
        self._lock = Lock()
        self._waiting: deque[Asked[Q, A]] = deque()
        self._busy = 0

    async def ask(self, question: Q) -> A:
        """The answer. Raises the error that `answer` returned, or Overloaded when too many wait."""
        if self._asked >= self._searches_max:
            raise Overloaded(f"{self._searches_max} searches are waiting here already", retry_after_s=0.1)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[A] = loop.create_future()
        self._asked += 1
        with self._lock:
            self._waiting.append(Asked(question, future))
            free = self._busy < self._threads_max
            self._busy += free
        if free:
            self._threads.submit(self._work, loop)
        try:
            return await future
        except asyncio.CancelledError:
            self._forget(future)
            raise
        finally:
            self._asked -= 1

    def _forget(self, future: "asyncio.Future[A]") -> None:
        """Who asked has gone, to a replica that was quicker: what has not begun never does."""
        with self._lock:
            self._waiting = deque(asked for asked in self._waiting if asked.future is not future)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread, until nothing waits."""
        while batch := self._take():
            questions = [asked.question for asked in batch]
            try:
                answers = self._answer(questions)
            except Exception as error:  # noqa: BLE001  a bug: those who asked hear of it
                answers = [error] * len(batch)
            loop.call_soon_threadsafe(_deliver, batch, answers)

    def _take(self) -> list[Asked[Q, A]]:
        """This thread's share of what waits; with nothing the thread is free, and the next question starts one."""
        with self._lock:
            share = -(-len(self._waiting) // self._threads_max)
            batch = [self._waiting.popleft() for _ in range(min(share, self._batch_max))]
            self._busy -= not batch
        return batch


def _deliver(batch: Sequence[Asked[Q, A]], answers: Sequence[A | Exception]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if future.done():  # the request was given up
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
