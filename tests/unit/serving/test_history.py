"""Questions to the log run in one thread, are limited, and end in time."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.errors import Overloaded, Unavailable
from serving.history import History, LogReader
from streams.reader import LogRecord
from tests.unit.serving.fakes import FakeReader
from tests.waiting import LIMIT_S


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def test_all_questions_are_answered_by_one_reader_in_one_thread() -> None:
    opened = []

    def open_reader() -> LogReader:
        opened.append(threading.get_ident())
        return FakeReader()

    history = History(open_reader)
    assert await history.ask(lambda reader: reader.begin_end("catalog", 0), 10) == (0, 0)
    assert await history.ask(lambda reader: threading.get_ident(), 10) == opened[0]
    assert len(opened) == 1
    history.close()


async def test_a_late_answer_is_unavailable_and_the_next_question_is_answered(gate: threading.Event) -> None:
    history = History(FakeReader)
    with pytest.raises(Unavailable):
        await history.ask(lambda reader: gate.wait(), 0.01)
    gate.set()
    assert await history.ask(lambda reader: 7, 10) == 7
    history.close()


async def test_a_late_question_reads_no_further_and_one_that_nobody_waits_for_is_not_begun() -> None:
    class Endless(FakeReader):
        def read(self, *args: Any, **kwargs: Any) -> Iterator[list[LogRecord]]:
            while True:
                reading.set()
                yield []

    reading, begun = threading.Event(), list[str]()
    history = History(Endless)
    late = asyncio.create_task(history.ask(lambda reader: list(reader.read("outcomes", 0, 0)), LIMIT_S))
    await asyncio.to_thread(reading.wait)
    left = asyncio.create_task(history.ask(lambda reader: begun.append("left"), LIMIT_S))
    await asyncio.sleep(0)
    for one in (late, left):
        one.cancel()
    assert await history.ask(lambda reader: reader.begin_end("catalog", 0), LIMIT_S) == (0, 0)
    assert begun == []
    history.close()


async def test_questions_that_wait_are_limited(gate: threading.Event) -> None:
    history = History(FakeReader, waiting_max=2)
    waiting = [asyncio.create_task(history.ask(lambda reader: gate.wait(), 10)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await history.ask(lambda reader: 7, 10)
    gate.set()
    await asyncio.gather(*waiting)
    assert await history.ask(lambda reader: 7, 10) == 7
    history.close()


async def test_an_error_of_the_log_reaches_the_one_who_asked() -> None:
    def fail(reader: LogReader) -> None:
        raise Unavailable("Kafka is away")

    history = History(FakeReader)
    with pytest.raises(Unavailable, match="Kafka is away"):
        await history.ask(fail, 10)
    history.close()
