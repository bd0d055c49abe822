"""What a client has seen or written: it gives it back as `at_least`, and gets no answer from before it."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.records import EventId
from schemas.search import ShardState


class Offsets(NamedTuple):
    """Next offsets of `documents` and `offers` of one partition. A state holds another when both are at or past it."""

    documents: int
    offers: int

    def joined(self, other: "Offsets") -> "Offsets":
        """The earliest state that holds both."""
        return Offsets(max(self.documents, other.documents), max(self.offers, other.offers))

    def within(self, state: ShardState) -> bool:
        return self.documents <= state.documents_offset and self.offers <= state.offers_offset


class StateToken(NamedTuple):
    """A state of one partition. Written `generation-partition-documents-offers`."""

    generation: int
    partition: int
    offsets: Offsets

    def __str__(self) -> str:
        return f"{self.generation}-{self.partition}-{self.offsets.documents}-{self.offsets.offers}"


ReadToken = EventId | StateToken


def parse_token(text: str) -> ReadToken:
    """Raises ValueError when it is neither an event id nor a state."""
    parts = text.split("-")
    if len(parts) == 3:
        return EventId.parse(text)
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        raise ValueError(
            f"{text!r} is no read token: it is an event id (generation-partition-offset), "
            "or what an answer gave (generation-partition-documents-offers)"
        )
    generation, partition, documents, offers = map(int, parts)
    return StateToken(generation, partition, Offsets(documents, offers))


def tokens_of(states: Iterable[ShardState], generation: int) -> list[str]:
    """What a client gives back to see nothing older than these states."""
    return [
        str(StateToken(generation, state.partition, Offsets(state.documents_offset, state.offers_offset)))
        for state in states
    ]
