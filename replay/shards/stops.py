"""The states that answers saw, put on as few ways through the log as possible: each way rises in both topics."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agents.asked import Pinned, PinnedView, PinnedWords
from index_snapshots.protocol import Offsets
from index_snapshots.shard_names import ShardNames
from replay.shards.rebuilt import RebuiltShard
from schemas.errors import StateRefused


class Stop(NamedTuple):
    """A state that is asked for."""

    offsets: Offsets
    words_at: int | None = None
    """Offset of `documents` that its index of words had come to; None: it is not needed."""


def ways(stops: Iterable[Stop]) -> list[list[Stop]]:
    """Each stop in one way: replicas interleave the topics differently, so that one of them can be behind in offers and
    ahead in documents."""
    found: list[list[Stop]] = []
    for stop in sorted(set(stops), key=lambda one: (one.offsets, one.words_at or 0)):
        for way in found:
            if way[-1].offsets.offers <= stop.offsets.offers:
                way.append(stop)
                break
        else:
            found.append([stop])
    return found


def first_of(way: Sequence[Stop]) -> Offsets:
    """No stop of the way is before that: from there its shard is rebuilt."""
    documents = min(min(stop.offsets.documents, stop.words_at or stop.offsets.documents) for stop in way)
    return Offsets(documents, way[0].offsets.offers)


class Way:
    """Takes a shard from stop to stop, and keeps the states until they were used as often as was said."""

    def __init__(self, shard: RebuiltShard, stops: Iterable[Stop]) -> None:
        """`stops`: as often as they will be asked for."""
        self._shard = shard
        self._left = Counter(stops)
        views = {stop.offsets for stop in self._left}
        words = {stop.words_at for stop in self._left if stop.words_at is not None}
        self._coming: list[tuple[int, Offsets | None]] = sorted(
            [*((one.documents, one) for one in views), *((at, None) for at in words)],
            key=lambda one: (one[0], one[1] or Offsets(0, 0)),
        )
        """By offset of `documents`: the view to pin there; None: the words."""
        self._views: dict[Offsets, Pinned] = {}
        self._words: dict[int, PinnedWords] = {}
        ends = Offsets(max(at for at, _ in self._coming), max(one.offers for one in views))
        shard.extend(ends)

    @property
    def shard(self) -> RebuiltShard:
        return self._shard

    def take(self, stop: Stop) -> Pinned:
        """Raises what reading the log raises, StateRefused for a stop that was not said."""
        if not self._left[stop]:
            raise StateRefused(f"{stop} is no stop of this way")
        while self._coming and self._coming[0][0] <= max(stop.offsets.documents, stop.words_at or 0):
            self._pin(*self._coming.pop(0))
        view = self._views[stop.offsets]
        words = None if stop.words_at is None else self._words[stop.words_at]
        self._left[stop] -= 1
        self._forget()
        return Pinned(view.shard, words, view.names)

    def _pin(self, documents: int, view: Offsets | None) -> None:
        if view is None:
            self._shard.advance(Offsets(documents, self._shard.offsets.offers))
            self._words[documents] = self._shard.words()
        else:
            self._views[view] = Pinned(PinnedView(self._shard.advance(view)), None, ShardNames())

    def _forget(self) -> None:
        """States that nobody will ask for again: each holds what has changed since."""
        left = [stop for stop, count in self._left.items() if count > 0]
        views, words = {stop.offsets for stop in left}, {stop.words_at for stop in left}
        self._views = {at: view for at, view in self._views.items() if at in views}
        self._words = {at: one for at, one in self._words.items() if at in words}
