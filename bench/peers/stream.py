"""Upserts at a steady rate from one thread: what is due by now goes out together, as a consumer of a log does it."""

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from bench.peers.protocol import Peer, Skus, Vectors

TICK_S = 0.02
"""Between two batches at least, so that a fast engine does not get its rows one by one."""
BATCH_MAX = 1_000
"""Of an engine that falls behind; then it gets batches without a pause."""
STOP_S = 60.0
"""For the upsert that runs when the stream is stopped."""


class Acknowledged(NamedTuple):
    """A SKU that did not exist before, whose upsert has just returned."""

    sku: int
    vector: np.ndarray[tuple[int], np.dtype[np.float32]]
    at_s: float


@dataclass
class Sent:
    """What one part of the stream came to."""

    upserts: int = 0
    seconds: float = 0.0
    behind: int = 0
    """Upserts that were due and had not gone out at the end."""
    acks_ms: list[float] = field(default_factory=list)
    """From the call to its return, per batch."""


class StreamFailed(RuntimeError):
    """An upsert raised, or did not return."""


class Stream:
    """Goes on where the part before ended. Use it as a context manager around what runs meanwhile."""

    def __init__(self, peer: Peer, skus: Skus, vectors: Vectors, rate: float, first_new: int) -> None:
        self._peer, self._skus, self._vectors, self._rate = peer, skus, vectors, rate
        self._newest = first_new - 1
        self.applied = 0
        """Upserts that were acknowledged, since the first part."""
        self._newly = threading.Condition()
        self._acknowledged: Acknowledged | None = None

    def __enter__(self) -> Self:
        self.sent = Sent()
        self._error: Exception | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upserts", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join(STOP_S)
        if kind is not None:
            return
        if self._thread.is_alive():
            raise StreamFailed(f"an upsert did not return within {STOP_S:g} s")
        if self._error is not None:
            raise StreamFailed(f"an upsert failed: {self._error}") from self._error

    def next_new(self, timeout_s: float) -> Acknowledged | None:
        """The next new SKU to be acknowledged; None when there was none in time."""
        with self._newly:
            self._acknowledged = None
            self._newly.wait_for(lambda: self._acknowledged is not None, timeout_s)
            return self._acknowledged

    def _run(self) -> None:
        begun_s, before = time.perf_counter(), self.applied
        try:
            while not self._stopped.is_set():
                due = min(int((time.perf_counter() - begun_s) * self._rate) + before, len(self._skus))
                if due > self.applied:
                    self._send(min(due, self.applied + BATCH_MAX))
                if due - self.applied < self._rate * TICK_S:
                    self._stopped.wait(TICK_S)
        except Exception as error:  # noqa: BLE001 - whatever the engine raises ends its run, and its row says so
            self._error = error
        self.sent.seconds = time.perf_counter() - begun_s
        self.sent.upserts = self.applied - before
        self.sent.behind = max(0, int(self.sent.seconds * self._rate) - self.sent.upserts)

    def _send(self, end: int) -> None:
        skus, vectors = newest_of(self._skus[self.applied : end], self._vectors[self.applied : end])
        begun_s = time.perf_counter()
        self._peer.upsert(skus, vectors)
        at_s = time.perf_counter()
        self.sent.acks_ms.append((at_s - begun_s) * 1000)
        self.applied = end
        place = int(skus.argmax())
        if skus[place] > self._newest:  # new SKUs are numbered on
            self._newest = int(skus[place])
            with self._newly:
                self._acknowledged = Acknowledged(self._newest, vectors[place], at_s)
                self._newly.notify_all()


def newest_of(skus: Skus, vectors: Vectors) -> tuple[Skus, Vectors]:
    """Each SKU once, with its last vector."""
    kept = len(skus) - 1 - np.unique(skus[::-1], return_index=True)[1]
    return skus[kept], vectors[kept]
