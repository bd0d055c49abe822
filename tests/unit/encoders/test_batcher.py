"""Queries that wait together run together, off the event loop, and none waits in vain."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from encoders.batcher import MicroBatcher
from encoders.errors import DeadlineExpired, EncoderBusy, EncoderClosed, EncodingFailed
from encoders.fake import FakeEncoder
from encoders.protocol import Vectors
from tests.waiting import LIMIT_S

FAR_S = 1e9


class GatedEncoder(FakeEncoder):
    """Waits at a gate before each batch and remembers the batches; fails on the texts it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.batches: list[list[str]] = []
        self.threads: set[str] = set()

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        self.threads.add(threading.current_thread().name)
        assert self.gate.wait(LIMIT_S)
        if "bad" in texts:
            raise EncodingFailed(list(texts).index("bad"), "is bad")
        if "crash" in texts:
            raise RuntimeError("the engine crashed")
        return super().encode_texts(texts)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.001)


async def hold(batcher: MicroBatcher, encoder: GatedEncoder) -> asyncio.Task[Vectors]:
    """Occupy the encoder, so that what comes next has to wait."""
    first = asyncio.create_task(batcher.encode("first", FAR_S))
    await until(lambda: encoder.batches == [["first"]])
    return first


def queue(batcher: MicroBatcher, texts: Sequence[str], deadline_s: float = FAR_S) -> list[asyncio.Task[Vectors]]:
    return [asyncio.create_task(batcher.encode(text, deadline_s)) for text in texts]


@pytest.mark.parametrize(("waiting", "sizes"), [(4, [1, 4]), (5, [1, 4, 1])])
def test_what_waits_runs_together_up_to_the_limit(waiting: int, sizes: list[int]) -> None:
    async def scenario() -> None:
        encoder = GatedEncoder()
        async with MicroBatcher(encoder, rows_max=4) as batcher:
            first = await hold(batcher, encoder)
            texts = [f"query {i}" for i in range(waiting)]
            tasks = queue(batcher, texts)
            await until(lambda: batcher.waiting == waiting)
            encoder.gate.set()
            vectors = await asyncio.gather(*tasks)
            await first
        assert [len(batch) for batch in encoder.batches] == sizes
        np.testing.assert_array_equal(np.vstack(vectors), FakeEncoder().encode_texts(texts))
        assert (batcher.counts.encoded, batcher.counts.batches) == (1 + waiting, len(sizes))
        assert threading.current_thread().name not in encoder.threads
        assert len(encoder.threads) == 1

    asyncio.run(scenario())


def test_the_queue_is_full_at_its_limit() -> None:
    async def scenario() -> None:
        encoder = GatedEncoder()
        async with MicroBatcher(encoder, waiting_max=3) as batcher:
            first = await hold(batcher, encoder)
            tasks = queue(batcher, ["a", "b", "c"])
            await until(lambda: batcher.waiting == 3)
            with pytest.raises(EncoderBusy, match="3 queries already wait"):
                await batcher.encode("d", FAR_S)
            encoder.gate.set()
            assert len(await asyncio.gather(first, *tasks)) == 4
        assert batcher.counts.refused == 1

    asyncio.run(scenario())


def test_a_query_whose_time_is_up_is_not_encoded() -> None:
    async def scenario() -> None:
        now_s = 100.0
        encoder = GatedEncoder()
        async with MicroBatcher(encoder, clock=lambda: now_s) as batcher:
            first = await hold(batcher, encoder)
            late, in_time = queue(batcher, ["late"], 101.0) + queue(batcher, ["in time"], 101.5)
            await until(lambda: batcher.waiting == 2)
            now_s = 101.0
            encoder.gate.set()
            with pytest.raises(DeadlineExpired):
                await late
            await asyncio.gather(first, in_time)
        assert encoder.batches == [["first"], ["in time"]]
        assert batcher.counts.expired == 1

    asyncio.run(scenario())


def test_a_query_nobody_waits_for_is_not_encoded() -> None:
    async def scenario() -> None:
        encoder = GatedEncoder()
        async with MicroBatcher(encoder) as batcher:
            first = await hold(batcher, encoder)
            gone, there = queue(batcher, ["gone", "there"])
            await until(lambda: batcher.waiting == 2)
            gone.cancel()
            await asyncio.wait([gone])
            encoder.gate.set()
            await asyncio.gather(first, there)
        assert encoder.batches == [["first"], ["there"]]

    asyncio.run(scenario())


def test_a_caller_that_leaves_during_its_batch_disturbs_nobody() -> None:
    async def scenario() -> None:
        encoder = GatedEncoder()
        async with MicroBatcher(encoder) as batcher:
            first = await hold(batcher, encoder)
            first.cancel()
            encoder.gate.set()
            assert (await batcher.encode("next", FAR_S)).shape == (encoder.dim,)

    asyncio.run(scenario())


def test_a_bad_text_fails_alone() -> None:
    async def scenario() -> None:
        encoder = GatedEncoder()
        async with MicroBatcher(encoder) as batcher:
            first = await hold(batcher, encoder)
            tasks = queue(batcher, ["a", "bad", "c"])
            await until(lambda: batcher.waiting == 3)
            encoder.gate.set()
            with pytest.raises(EncodingFailed, match="is bad"):
                await tasks[1]
            vectors = await asyncio.gather(tasks[0], tasks[2])
            await first
        np.testing.assert_array_equal(np.vstack(vectors), FakeEncoder().encode_texts(["a", "c"]))

    asyncio.run(scenario())


def test_a_crash_is_heard_by_its_batch_and_the_next_one_runs() -> None:
    async def scenario() -> None:
        encoder = GatedEncoder()
        encoder.gate.set()
        async with MicroBatcher(encoder) as batcher:
            with pytest.raises(RuntimeError, match="the engine crashed"):
                await batcher.encode("crash", FAR_S)
            assert (await batcher.encode("fine", FAR_S)).shape == (encoder.dim,)

    asyncio.run(scenario())


def test_closing_ends_the_running_batch_and_refuses_the_waiting() -> None:
    async def scenario() -> None:
        encoder = GatedEncoder()
        batcher = MicroBatcher(encoder)
        with pytest.raises(EncoderClosed):
            await batcher.encode("not started", FAR_S)
        async with batcher:
            first = await hold(batcher, encoder)
            (waiting,) = queue(batcher, ["waiting"])
            await until(lambda: batcher.waiting == 1)
            closing = asyncio.create_task(batcher.aclose())
            await asyncio.sleep(0)
            encoder.gate.set()
            await closing
            assert (await first).shape == (encoder.dim,)
            with pytest.raises(EncoderClosed):
                await waiting
            with pytest.raises(EncoderClosed):
                await batcher.encode("too late", FAR_S)
        assert encoder.batches == [["first"]]

    asyncio.run(scenario())
