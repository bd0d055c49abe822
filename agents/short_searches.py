"""Which searches are so short that the event loop answers them itself: no thread is woken for them, and none takes the
interpreter from the loop in the middle of a request."""

import asyncio
from typing import Final

from agents.search_threads import SEARCHES_MAX
from schemas.errors import Overloaded

SHORT_S: Final = 0.0008
"""CPU time of a search up to which it costs the loop no more than waking threads would. With 100,000 rows a search took
0.3 ms at rest and 0.4 while rows streamed in, in threads 0.5; answered in the loop, the endpoint served a quarter more
than with threads at rest, and a third more in the stream (ADR 12). With 1,000,000 rows it takes 1 ms: threads win."""
WEIGHT: Final = 1 / 32
"""Of the newest search in the running mean."""


class ShortSearches:
    """Learns from each plain search how long they take. For one event loop."""

    def __init__(self, searches_max: int = SEARCHES_MAX) -> None:
        self._searches_max = searches_max
        self._mean_s = 0.0
        self._this_turn = 0

    @property
    def short(self) -> bool:
        """Whether the next plain search should be answered in the loop."""
        return self._mean_s <= SHORT_S

    def took(self, cpu_s: float) -> None:
        """CPU time of one plain search, wherever it was answered. For any thread: one lost is nothing lost."""
        self._mean_s += (cpu_s - self._mean_s) * WEIGHT

    def begin(self) -> None:
        """To be called before a search in the loop. Raises Overloaded: too many came at once.

        Requests that have arrived are handled in one turn of the loop, one after the other: as many as came before in
        this turn, so many had to be waited for.
        """
        if self._this_turn >= self._searches_max:
            raise Overloaded(f"{self._searches_max} searches came before this one already", retry_after_s=0.1)
        if not self._this_turn:
            asyncio.get_running_loop().call_soon(self._turned)
        self._this_turn += 1

    def _turned(self) -> None:
        self._this_turn = 0
