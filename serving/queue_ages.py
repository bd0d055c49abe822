"""How long the oldest record has waited that a step has not done yet."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.topics import topic_name
from serving.history import History, LogReader
from serving.lags import Span

READS_MAX = 256
"""Records read for one answer. Of more places those come first that were read least lately."""
READ_S = 1.0
"""And so long: of a deep queue each read fetches megabytes."""
TIMEOUT_S = 2.0
REMEMBERED_MS = 60_000
"""What was asked longer ago tells nothing of the records of now."""

Place = tuple[str, int]
"""Topic and partition."""


class Look(NamedTuple):
    done: int
    """The offset looked at; -1: there is no record there."""
    came_ms: int
    at_ms: int


class QueueAges:
    """Who is asked every few seconds reads no record of what came since: where all goes on, the log is not read.
    Where nothing goes on, each record is read once."""

    def __init__(self, history: History, generation: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._history = history
        self._generation = generation
        self._clock = clock
        self._asked_ms = 0
        self._ends: dict[Place, int] = {}
        """Of then."""
        self._looks: dict[Place, Look] = {}
        """The last one at each place that waits."""

    async def of(self, waiting: Sequence[Span], now_ms: int) -> dict[Place, float]:
        """Seconds by topic and partition; 0 for what came since it was asked before. Raises Unavailable, Overloaded."""
        since_ms = self._asked_ms if now_ms - self._asked_ms <= REMEMBERED_MS else now_ms
        ends = {place_of(span): span[3] for span in waiting}
        before = (
            ends if since_ms == now_ms else {place: min(end, self._ends.get(place, 0)) for place, end in ends.items()}
        )
        old = [span for span in waiting if span[2] < before[place_of(span)]]
        self._looks = {place_of(span): self._looks[place_of(span)] for span in old if place_of(span) in self._looks}
        await self._look(old, now_ms)
        self._ends, self._asked_ms = ends, now_ms
        return dict.fromkeys(ends, 0.0) | {place_of(span): self._age_ms(span, since_ms, now_ms) / 1000 for span in old}

    async def _look(self, old: Sequence[Span], now_ms: int) -> None:
        unread = sorted((span for span in old if not self._read(span)), key=self._looked_ms)[:READS_MAX]
        if unread:
            came_ms = await self._history.ask(
                lambda reader: appended(reader, self._generation, unread, self._clock), TIMEOUT_S
            )
            for place, (done, at_ms) in came_ms.items():
                self._looks[place] = Look(-1, now_ms, now_ms) if at_ms is None else Look(done, at_ms, now_ms)

    def _read(self, span: Span) -> bool:
        look = self._looks.get(place_of(span))
        return look is not None and look.done == span[2]

    def _looked_ms(self, span: Span) -> int:
        look = self._looks.get(place_of(span))
        return 0 if look is None else look.at_ms

    def _age_ms(self, span: Span, since_ms: int, now_ms: int) -> int:
        """Where a step goes on and was not read again: as it was then. Never read: it waits since then at least."""
        look = self._looks.get(place_of(span))
        if look is None:
            return now_ms - since_ms
        return max(0, (now_ms if look.done == span[2] else look.at_ms) - look.came_ms)


def place_of(span: Span) -> Place:
    return span[:2]


def appended(
    reader: LogReader, generation: int, waiting: Sequence[Span], clock: Callable[[], float]
) -> dict[Place, tuple[int, int | None]]:
    """Offset and time, ms since 1970, of the first record of each span; None: it holds no record. Those that are
    missing were not read within READ_S. Blocking.

    Raises Unavailable.
    """
    found: dict[Place, tuple[int, int | None]] = {}
    until_s = clock() + READ_S
    for topic, partition, done, end in waiting:
        first = reader.record_at(topic_name(topic, generation), partition, done)
        found[topic, partition] = done, first.timestamp_ms if first is not None and first.offset < end else None
        if clock() >= until_s:
            break
    return found
