"""Keeps a stream of bytes at or below a rate."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

BURST_S: Final = 0.1
"""So far it may be ahead of its rate before it sleeps."""


class Pace:
    """At most `mb_per_s` (10^6 bytes) from now on; 0: as fast as it goes. One thread at a time."""

    def __init__(
        self,
        mb_per_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate, self._clock, self._sleep = mb_per_s * 1e6, clock, sleep
        self._due = clock()

    def through(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            yield block
            self.spend(len(block))

    def spend(self, count: int) -> None:
        """Bytes that came or went; sleeps where they are ahead of the rate."""
        if self._rate:
            now = self._clock()
            self._due = max(self._due, now - BURST_S) + count / self._rate
            if (ahead := self._due - now) > BURST_S:
                self._sleep(ahead)
