"""What the router knows of one replica of one partition."""

from collections.abc import Callable
from typing import Final

from schemas.hits import ShardState
from serving.breaker import Breaker, Circuit
from serving.peak_latency import PeakLatency

WORDS: Final = "words"
"""The kind of question that only needs a replica's index of words; all others need the rest of it."""

UNKNOWN: Final = "unknown"


class Replica:
    """For one event loop."""

    def __init__(self, partition: int, address: str, number: int | None, clock: Callable[[], float]) -> None:
        self.partition = partition
        self.address = address
        self.number = number
        """None until it has told."""
        self.latency = PeakLatency(clock)
        self.breaker = Breaker(clock)
        self._words_breaker = Breaker(clock)
        """An index of words that is away or hangs says nothing about the vectors beside it."""
        self.in_flight = 0
        self.watched: ShardState | None = None
        """As the watch saw it last, at the same time as the other replicas; None: it did not answer."""
        self.answered: ShardState | None = None
        """Of the answer that was furthest in the log."""
        self.ready = True
        """False while it says that it is still catching up."""

    @property
    def name(self) -> str:
        """The replica's number, or its address while that is unknown."""
        return self.address if self.number is None else str(self.number)

    @property
    def counted_as(self) -> str:
        """In counters, which remember all that they ever saw: addresses come and go without end."""
        return UNKNOWN if self.number is None else str(self.number)

    def breaker_of(self, kind: str) -> Breaker:
        """Of questions of this kind."""
        return self._words_breaker if kind == WORDS else self.breaker

    @property
    def broken(self) -> bool:
        """Whether it is broken off for any kind of question."""
        return any(one.circuit is not Circuit.CLOSED for one in (self.breaker, self._words_breaker))

    @property
    def cost(self) -> float:
        return self.latency.cost(self.in_flight)

    @property
    def furthest(self) -> ShardState | None:
        """The furthest state that it is known to have: it may be further by now."""
        known = [state for state in (self.watched, self.answered) if state]
        return max(known, key=position, default=None)

    def tell(self, state: ShardState) -> None:
        """It answered from this state. One of another life counts from its own beginning."""
        self.number = state.replica
        before = self.answered
        if before is None or before.lineage != state.lineage or position(state) > position(before):
            self.answered = state


def position(state: ShardState) -> int:
    """How far a state is, in records of both topics."""
    return state.documents_offset + state.offers_offset
