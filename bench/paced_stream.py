"""A stream of upserts on a schedule fixed before it begins: a slow write does not thin it out, it is seen as late."""

import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final, Generic, Protocol, TypeVar

from bench.samples import packed, samples

TICK_S: Final = 0.005
"""What is due is written together so often: the log hands records over in small batches."""
BATCH_MAX: Final = 500
"""As the shard agent's: what is late is caught up in batches of at most so many."""
PROBE_S: Final = 0.1
"""One record in so long is looked for. After a stall all of them count from their own time, not only the first."""
LONG_WRITE_MS: Final = 20.0

B = TypeVar("B", contravariant=True)


class Sink(Protocol[B]):
    """Where a stream flows."""

    def write(self, batch: B) -> None:
        """Returns when the batch is in a published view."""

    def finds(self, record: int) -> bool:
        """Whether a search of the newest view for the record's own vector returns it first."""


@dataclass
class Flow:
    """What a stretch of the stream did."""

    upserts: int = 0
    writer_cpu_s: float = 0.0
    """Of the writing thread, inside `write`."""
    write_max_ms: float = 0.0
    long_writes: int = 0
    """Writes that took longer than LONG_WRITE_MS."""
    late_max_ms: float = 0.0
    """Between the intended time of a batch and the start of its write."""
    from_intended_ms: "array[float]" = field(default_factory=samples)
    """From the intended time of a record until a search of the newest view returned it first."""
    from_write_ms: "array[float]" = field(default_factory=samples)
    """The same from the call of `write`."""
    missed: int = 0
    """Looked-for records that did not come back first: each is an error."""

    def figures(self) -> dict[str, Any]:
        return {
            **{name: value for name, value in vars(self).items() if not isinstance(value, array)},
            "from_intended_ms": packed(self.from_intended_ms),
            "from_write_ms": packed(self.from_write_ms),
        }


T = TypeVar("T")


class PacedStream(Generic[T]):
    """One thread that prepares and writes records `first`..`last - 1` at `rate` a second, until stopped."""

    def __init__(
        self,
        prepare: Callable[[int, int], T],
        sink: Sink[T],
        rate: float,
        first: int,
        last: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`prepare(first, count)` makes a batch; its cost is the workload's, not the writer's."""
        self._prepare, self._sink, self._clock = prepare, sink, clock
        self._rate, self._first, self._last = rate, first, last
        self._probe_every = max(1, round(PROBE_S * rate))
        self._flow = Flow()
        self._flow_lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._failed: BaseException | None = None
        self.next = first
        """The next record that will be written."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Raises what the writer failed with."""
        self._stop.set()
        self._thread.join()
        self._raise()

    def take_flow(self) -> Flow:
        """What happened since the last call. Raises what the writer failed with."""
        self._raise()
        with self._flow_lock:
            flow, self._flow = self._flow, Flow()
        return flow

    def _raise(self) -> None:
        if self._failed:
            raise self._failed

    def _run(self) -> None:
        try:
            self._write_all()
        except BaseException as error:  # noqa: BLE001  raised again where it is asked after
            self._failed = error

    def _write_all(self) -> None:
        start_s = self._clock()
        while not self._stop.is_set() and self.next < self._last:
            self._stop.wait(max(0.0, self._intended_s(start_s, self.next) - self._clock()))
            ticks = int((self._clock() - start_s) / TICK_S)
            due = min(self._last, self._first + int(ticks * TICK_S * self._rate)) - self.next
            if due > 0:
                with self._flow_lock:
                    self._write(min(due, BATCH_MAX), start_s)

    def _intended_s(self, start_s: float, record: int) -> float:
        """The tick at which the record is due."""
        return start_s + ceil((record - self._first + 1) / self._rate / TICK_S) * TICK_S

    def _write(self, count: int, start_s: float) -> None:
        first = self.next
        batch = self._prepare(first, count)
        flow, began_s, cpu_s = self._flow, self._clock(), time.thread_time()
        self._sink.write(batch)
        flow.writer_cpu_s += time.thread_time() - cpu_s
        took_ms = (self._clock() - began_s) * 1000
        self.next += count
        flow.upserts += count
        flow.write_max_ms = max(flow.write_max_ms, took_ms)
        flow.long_writes += took_ms > LONG_WRITE_MS
        flow.late_max_ms = max(flow.late_max_ms, (began_s - self._intended_s(start_s, first)) * 1000)
        probed = [record for record in range(first, self.next) if (record - self._first) % self._probe_every == 0]
        if probed:  # all are in the same view: the last record stands for them
            flow.missed += not self._sink.finds(self.next - 1)
            found_s = self._clock()
            flow.from_write_ms.append((found_s - began_s) * 1000)
            flow.from_intended_ms.extend((found_s - self._intended_s(start_s, record)) * 1000 for record in probed)
