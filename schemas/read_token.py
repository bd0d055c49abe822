"""What a client has seen or written: it gives it back as `at_least`, and gets no answer from before it."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.limits import READ_EVENTS_MAX, READ_TOKENS_MAX
from schemas.records import EventId


class Offsets(NamedTuple):
    """Next offsets of `documents` and `offers` of one partition."""

    documents: int
    offers: int

    def joined(self, other: "Offsets") -> "Offsets":
        """The earliest that hold both."""
        return Offsets(max(self.documents, other.documents), max(self.offers, other.offers))

    def within(self, other: "Offsets") -> bool:
        """Whether a state at `other` holds all that one at these offsets does."""
        return self.documents <= other.documents and self.offers <= other.offers


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
            f"{text[:100]!r} is no read token: it is an event id (generation-partition-offset), "
            "or what an answer gave (generation-partition-documents-offers)"
        )
    generation, partition, documents, offers = map(int, parts)
    return StateToken(generation, partition, Offsets(documents, offers))


def parse_tokens(texts: Sequence[str]) -> list[ReadToken]:
    """Each once. Raises ValueError that names the one that is wrong, or the limit."""
    if len(texts) > READ_TOKENS_MAX:
        raise ValueError(f"there are more than {READ_TOKENS_MAX:,} read tokens")
    tokens = list(dict.fromkeys(map(parse_token, texts)))
    if sum(isinstance(token, EventId) for token in tokens) > READ_EVENTS_MAX:
        raise ValueError(f"there are more than {READ_EVENTS_MAX} event ids among the read tokens")
    return tokens
