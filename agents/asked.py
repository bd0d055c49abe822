"""What a question is answered from: a shard as the live process keeps it, or as a replay has rebuilt it."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from index_snapshots.shard_names import ShardNames
from index_snapshots.view import ShardView
from index_snapshots.word_index import Committed
from schemas.errors import Unavailable


class AskedWords(Protocol):
    @property
    def now(self) -> Committed:
        """Raises Unavailable."""

    @property
    def offset(self) -> int: ...


class AskedWriter(Protocol):
    @property
    def view(self) -> ShardView: ...


class Asked(Protocol):
    @property
    def shard(self) -> AskedWriter: ...
    @property
    def words(self) -> AskedWords | None:
        """None: its products are found by their meaning alone."""

    @property
    def names(self) -> ShardNames: ...


@dataclass(frozen=True)
class PinnedView:
    view: ShardView


@dataclass(frozen=True)
class PinnedWords:
    now: Committed
    offset: int


@dataclass(frozen=True)
class Pinned:
    """One state of a shard."""

    shard: PinnedView
    words: PinnedWords | None
    names: ShardNames = field(default_factory=ShardNames)

    @property
    def view(self) -> ShardView:
        return self.shard.view

    @property
    def words_at(self) -> int | None:
        """The offset of `documents` that its index of words was committed at; None: there is none."""
        return self.words.now.documents if self.words is not None else None


def pinned(asked: Asked, view: ShardView) -> Pinned:
    """Its words as they are committed now, for a whole answer; none while they cannot be searched."""
    words = None
    if asked.words is not None:
        with suppress(Unavailable):
            words = PinnedWords(asked.words.now, asked.words.offset)
    return Pinned(PinnedView(view), words)
