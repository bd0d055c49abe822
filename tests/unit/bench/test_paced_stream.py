"""The stream writes every record once and in order, at its rate, and what fails in it is not lost."""

import threading
import time

import pytest

from bench.paced_stream import BATCH_MAX, PROBE_S, TICK_S, PacedStream
from tests.steady_time import SteadyClock
from tests.waiting import LIMIT_S


class Written:
    """A sink that keeps what it got."""

    def __init__(self, found: bool = True, slow_s: float = 0.0) -> None:
        self.batches: list[list[int]] = []
        self.probed: list[int] = []
        self._found, self._slow_s = found, slow_s
        self.enough = threading.Event()

    def write(self, batch: list[int]) -> None:
        time.sleep(self._slow_s)
        self.batches.append(batch)

    def finds(self, record: int) -> bool:
        self.probed.append(record)
        return self._found

    @property
    def records(self) -> list[int]:
        return [record for batch in self.batches for record in batch]


def numbers(first: int, count: int) -> list[int]:
    return list(range(first, first + count))


def finished(stream: PacedStream[list[int]]) -> None:
    stream.start()
    until_s = time.monotonic() + LIMIT_S
    while stream.next < 150 and time.monotonic() < until_s:
        time.sleep(0.001)
    stream.stop()


def take_until_raised(stream: PacedStream[list[int]]) -> None:
    until_s = time.monotonic() + LIMIT_S
    while time.monotonic() < until_s:
        stream.take_flow()


def test_every_record_is_written_once_in_order_and_the_last_ones_are_looked_for() -> None:
    sink = Written()
    stream = PacedStream(numbers, sink, rate=2_000, first=100, last=150)
    finished(stream)
    flow = stream.take_flow()
    assert sink.records == list(range(100, 150))
    assert flow.upserts == 50 and flow.missed == 0
    assert sink.probed and all(record in {batch[-1] for batch in sink.batches} for record in sink.probed)
    assert len(flow.from_write_ms) == len(sink.probed)
    assert stream.take_flow().upserts == 0


def test_the_first_tick_holds_what_is_due_then() -> None:
    sink = Written()
    finished(PacedStream(numbers, sink, rate=10 / TICK_S, first=140, last=150))
    assert sink.batches == [list(range(140, 150))]


def test_what_is_late_is_caught_up_in_batches_of_the_agents_size_and_counts_from_its_time() -> None:
    sink = Written(slow_s=0.005)
    stream = PacedStream(numbers, sink, rate=(2 * BATCH_MAX + 1) / TICK_S, first=0, last=2 * BATCH_MAX + 1)
    stream.start()
    until_s = time.monotonic() + LIMIT_S
    while stream.next < 2 * BATCH_MAX + 1 and time.monotonic() < until_s:
        time.sleep(0.001)
    stream.stop()
    assert [len(batch) for batch in sink.batches] == [BATCH_MAX, BATCH_MAX, 1]
    assert stream.take_flow().late_max_ms >= 10.0  # two slow writes before the third


def test_after_a_stall_what_is_due_comes_in_few_batches_and_each_looked_for_record_counts_from_its_own_time() -> None:
    clock = SteadyClock()

    class Stalled(Written):
        def write(self, batch: list[int]) -> None:
            if not self.batches:
                clock.skip(0.4)
            super().write(batch)

    sink = Stalled()
    rate = 500
    every = round(PROBE_S * rate)
    stream = PacedStream(numbers, sink, rate, first=0, last=150, clock=clock)
    finished(stream)
    flow = stream.take_flow()
    assert sink.records == list(range(150))
    assert max(len(batch) for batch in sink.batches) == 150 - len(sink.batches[0])
    assert len(flow.from_intended_ms) == 150 // every > len(sink.probed) == len(flow.from_write_ms) == 2
    assert list(flow.from_intended_ms) == sorted(flow.from_intended_ms, reverse=True)


def test_a_record_that_is_not_found_first_is_counted() -> None:
    sink = Written(found=False)
    stream = PacedStream(numbers, sink, rate=2_000, first=100, last=150)
    finished(stream)
    assert stream.take_flow().missed == len(sink.probed) > 0


def test_what_the_writer_fails_with_is_raised_where_it_is_asked_after() -> None:
    def broken(first: int, count: int) -> list[int]:
        raise ValueError("no such record")

    stream = PacedStream(broken, Written(), rate=2_000, first=0, last=10)
    stream.start()
    with pytest.raises(ValueError, match="no such record"):
        take_until_raised(stream)
    with pytest.raises(ValueError, match="no such record"):
        stream.stop()
