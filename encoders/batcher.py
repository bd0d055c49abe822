"""Encodes queries off the event loop, all that wait together in one batch."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from encoders.errors import DeadlineExpired, EncoderBusy, EncoderClosed, EncodingFailed
from encoders.protocol import Encoder

Vector = npt.NDArray[np.float32]

ROWS_MAX = 16
"""Queries in one batch: enough to drain a burst, few enough that nobody waits long for the others."""
WAITING_MAX = 256
"""Queries that may wait: about a second of work for one thread."""


@dataclass
class BatcherCounts:
    """What has happened to the queries so far."""

    encoded: int = 0
    batches: int = 0
    expired: int = 0
    refused: int = 0


@dataclass(frozen=True)
class _Query:
    text: str
    deadline_s: float
    vector: asyncio.Future[Vector]


class MicroBatcher:
    """Takes what is already queued, at most `rows_max`, and runs it at once: no window to wait for.

    Use as `async with`; belongs to one event loop. The encoder runs in one thread of its own.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        rows_max: int = ROWS_MAX,
        waiting_max: int = WAITING_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.encoder = encoder
        self.counts = BatcherCounts()
        self._rows_max = rows_max
        self._waiting_max = waiting_max
        self._clock = clock
        self._waiting: deque[_Query] = deque()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encode")
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Queries in the queue, without the batch that runs now."""
        return len(self._waiting)

    async def __aenter__(self) -> Self:
        self._runner = asyncio.create_task(self._run(), name="encode-queries")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def encode(self, text: str, deadline_s: float) -> Vector:
        """The vector of one query, float32 (dim,). `deadline_s` is a time of the clock (`time.monotonic`).

        Raises EncoderBusy when `waiting_max` queries wait, DeadlineExpired when its turn comes too late,
        EncoderClosed after `aclose`, EncodingFailed for this text alone.
        """
        if self._closed or self._runner is None:
            raise EncoderClosed("the encoder takes no queries: it is not started, or is shutting down")
        if len(self._waiting) >= self._waiting_max:
            self.counts.refused += 1
            raise EncoderBusy(f"{self._waiting_max} queries already wait for the encoder")
        query = _Query(text, deadline_s, asyncio.get_running_loop().create_future())
        self._waiting.append(query)
        self._wake.set()
        return await query.vector

    async def aclose(self) -> None:
        """Let the running batch end, refuse the waiting queries with EncoderClosed, stop the thread."""
        self._closed = True
        self._wake.set()
        if self._runner is not None:
            await self._runner
        for query in self._waiting:
            _fail(query, EncoderClosed("the encoder was shut down before the query's turn"))
        self._waiting.clear()
        self._thread.shutdown(wait=True)

    async def _run(self) -> None:
        while not self._closed:
            batch = self._next_batch()
            if batch:
                await self._encode(batch)
            else:
                self._wake.clear()
                await self._wake.wait()

    def _next_batch(self) -> list[_Query]:
        batch: list[_Query] = []
        now_s = self._clock()
        while self._waiting and len(batch) < self._rows_max:
            query = self._waiting.popleft()
            if query.vector.done():  # its caller has gone
                continue
            if query.deadline_s <= now_s:
                self.counts.expired += 1
                _fail(query, DeadlineExpired("the query waited for the encoder past its deadline"))
                continue
            batch.append(query)
        return batch

    async def _encode(self, batch: list[_Query]) -> None:
        loop = asyncio.get_running_loop()
        while batch:
            self.counts.batches += 1
            texts = [query.text for query in batch]
            run = loop.run_in_executor(self._thread, self.encoder.encode_texts, texts)
            # As a value: whatever went wrong, the callers must hear it and the next batch must run.
            (outcome,) = await asyncio.gather(run, return_exceptions=True)
            if isinstance(outcome, EncodingFailed):
                _fail(batch.pop(outcome.index), outcome)  # the others go again without it
                continue
            if isinstance(outcome, BaseException):
                for query in batch:
                    _fail(query, outcome)
                return
            for query, vector in zip(batch, outcome, strict=True):
                if not query.vector.done():
                    query.vector.set_result(vector)
            self.counts.encoded += len(batch)
            return


def _fail(query: _Query, error: BaseException) -> None:
    if not query.vector.done():
        query.vector.set_exception(error)
