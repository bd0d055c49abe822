"""Short queries and long ones are encoded side by side: a short one never waits until a long one is done."""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from encoders.batcher import MicroBatcher, Vector
from encoders.protocol import Encoder

SHORT_CHARS_MAX: Final = 100
"""What shoppers type is shorter. A query of 1,000 characters takes as long as sixteen of these together."""
LONG_ROWS_MAX: Final = 2
"""Long queries in one batch: together they gain nothing, and each waits for the others."""


class Lanes:
    """Encodes queries in two lanes, each with a thread of its own. Use as `async with`; belongs to one event loop.

    Engines that take one call at a time (OpenVINO) let a short query wait for one batch of long ones.
    """

    def __init__(self, encoder: Encoder, clock: Callable[[], float] = time.monotonic) -> None:
        self.short = MicroBatcher(encoder, clock=clock)
        self.long = MicroBatcher(encoder, rows_max=LONG_ROWS_MAX, clock=clock)

    async def __aenter__(self) -> Self:
        await asyncio.gather(self.short.__aenter__(), self.long.__aenter__())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def encode(self, text: str, deadline_s: float) -> Vector:
        """See `MicroBatcher.encode`."""
        lane = self.short if len(text) <= SHORT_CHARS_MAX else self.long
        return await lane.encode(text, deadline_s)

    async def aclose(self) -> None:
        """See `MicroBatcher.aclose`."""
        await asyncio.gather(self.short.aclose(), self.long.aclose())
