"""Bounded reads of the log from asyncio: one thread, one reader, a limit on how many may wait."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from schemas.errors import Overloaded, Unavailable
from serving.awaited import Awaited
from serving.outcome_lookup import OutcomeLog
from streams.reader import LogRecord

WAITING_MAX = 32
T = TypeVar("T")


class LogReader(OutcomeLog, Protocol):
    """The reader of `streams`. Blocking and not thread-safe."""

    def record_at(self, topic: str, partition: int, offset: int) -> LogRecord | None: ...

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int: ...

    def committed(self, group: str, topic: str, partitions: list[int]) -> dict[int, int]: ...


class History:
    """Runs plain functions of a reader in its thread, one after the other. One that is late stops at its next read."""

    def __init__(self, open_reader: Callable[[], LogReader], waiting_max: int = WAITING_MAX) -> None:
        self._open_reader = open_reader
        self._reader: LogReader | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._waiting = 0
        self._waiting_max = waiting_max

    async def ask(self, question: Callable[[LogReader], T], timeout_s: float) -> T:
        """The answer within `timeout_s`. Raises Unavailable when it is late, Overloaded when too many wait."""
        if self._waiting >= self._waiting_max:
            raise Overloaded(f"{self._waiting} questions to the log are waiting already", retry_after_s=1.0)
        self._waiting += 1
        gone = threading.Event()
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question, gone)
        work.add_done_callback(self._answered)
        try:
            return await asyncio.wait_for(asyncio.shield(work), timeout_s)
        except TimeoutError:
            raise Unavailable(f"Kafka did not answer within {timeout_s:g} s", hint="see freshet status") from None
        finally:
            gone.set()

    def close(self) -> None:
        """Does not wait for a read that hangs: the process is about to end, and takes the reader with it."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answer(self, question: Callable[[LogReader], T], gone: threading.Event) -> T:
        if gone.is_set():
            raise Unavailable("nobody waits for the answer any more")
        if self._reader is None:
            self._reader = self._open_reader()
        return question(Awaited(self._reader, gone))

    def _answered(self, work: "asyncio.Future[T]") -> None:
        self._waiting -= 1
        if not work.cancelled():
            work.exception()  # seen: the one who asked may have gone
