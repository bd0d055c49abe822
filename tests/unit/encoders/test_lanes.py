"""A short query is encoded while a long one still is; each lane keeps its own order and ends with the other."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from encoders.batcher import MicroBatcher
from encoders.errors import EncoderClosed
from encoders.fake import FakeEncoder
from encoders.lanes import LONG_ROWS_MAX, SHORT_CHARS_MAX, Lanes
from encoders.protocol import Vectors

FAR_S = 1e9
WAIT_S = 20.0
SHORT, LONG = "s" * SHORT_CHARS_MAX, "l" * (SHORT_CHARS_MAX + 1)


class SlowOnLong(FakeEncoder):
    """Long texts wait at a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.batches: list[int] = []

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        if any(len(text) > SHORT_CHARS_MAX for text in texts):
            self.batches.append(len(texts))
            assert self.gate.wait(WAIT_S)
        return super().encode_texts(texts)


@pytest.mark.parametrize("lanes", [True, False], ids=["", "control: one lane"])
async def test_a_short_query_does_not_wait_for_a_long_one(lanes: bool) -> None:
    encoder = SlowOnLong()
    async with Lanes(encoder) if lanes else MicroBatcher(encoder) as made:
        long = asyncio.create_task(made.encode(LONG, FAR_S))
        while not encoder.batches:
            await asyncio.sleep(0.001)
        short = asyncio.create_task(made.encode(SHORT, FAR_S))
        try:
            done, _ = await asyncio.wait([short], timeout=WAIT_S if lanes else 0.2)
            assert bool(done) is lanes and not long.done()
        finally:
            encoder.gate.set()
        assert ((await long) == encoder.encode_texts([LONG])[0]).all()
        assert ((await short) == encoder.encode_texts([SHORT])[0]).all()


async def test_few_long_ones_run_together() -> None:
    encoder = SlowOnLong()
    async with Lanes(encoder) as made:
        tasks = [asyncio.create_task(made.encode(f"{LONG}{number}", FAR_S)) for number in range(LONG_ROWS_MAX + 2)]
        while not encoder.batches:
            await asyncio.sleep(0.001)
        encoder.gate.set()
        await asyncio.gather(*tasks)
    assert max(encoder.batches) <= LONG_ROWS_MAX and sum(encoder.batches) == LONG_ROWS_MAX + 2


async def test_both_lanes_are_closed() -> None:
    made = Lanes(FakeEncoder())
    async with made:
        pass
    for text in (SHORT, LONG):
        with pytest.raises(EncoderClosed):
            await made.encode(text, FAR_S)
