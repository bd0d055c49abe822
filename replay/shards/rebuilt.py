"""A shard as it was, rebuilt in a folder of its own from a snapshot and the log after it. It only goes forward."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from agents.asked import PinnedWords
from index_snapshots.apply import apply
from index_snapshots.builder import Builder
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.folder import SEGMENTS, WORDS, Known
from index_snapshots.manifest import Origin
from index_snapshots.pacing import Pacing
from index_snapshots.protocol import Identity, Offsets, Topic
from index_snapshots.restore import restore
from index_snapshots.view import ShardView
from index_snapshots.word_feed import Start, WordFeed
from index_snapshots.writer import ShardWriter
from replay.log import Log
from replay.shards.bases import Base
from replay.shards.records import Records
from schemas.digests import Checkpoints
from schemas.errors import StateRefused, Unavailable
from schemas.facets import Facets

BATCH: Final = 500
WORDS_WAIT_S: Final = 600.0
"""For the words of a shard to be indexed: of a million products without a snapshot of them two minutes."""
TOPICS: Final[tuple[Topic, ...]] = ("documents", "offers")
FROM_LOG: Final = "the log from its beginning"


@dataclass(frozen=True)
class Place:
    """Where a shard is rebuilt, and how."""

    folder: Path
    """Its own, empty."""
    open_log: Callable[[], Log]
    names: Mapping[Topic, str]
    """Of the topics."""
    builder: Builder
    facets: Facets
    pacing: Pacing
    """Of a shard that is built from the log; a snapshot has its own."""
    digest_every: int
    now_ms: Callable[[], int]


class RebuiltShard:
    """One partition, of one lineage. `close` it."""

    def __init__(self, place: Place, base: Base | None, origin: Origin, lineage: str) -> None:
        """`base` None: from the beginning of the log; `lineage` is what it is called then.

        Raises StateRefused when the snapshot cannot be read."""
        self._place, self._partition = place, origin.partition
        place.folder.mkdir(parents=True, exist_ok=True)
        known, view = Known(), None
        if base is not None:
            base.bring(place.folder)
            restored = restore(place.folder, base.origin, base.manifest.written_ms, known)
            if restored.view is None:
                raise StateRefused("; ".join(restored.damaged), hint="freshet snapshot verify names what is damaged")
            view = restored.view
        self.where = FROM_LOG if base is None else f"the snapshot at {base.offsets.documents:,} of {base.where}"
        identity = view.identity if view else Identity(origin.partition, lineage, origin.encoder, origin.dim)
        self._shard = ShardWriter(
            identity, place.now_ms, place.folder / SEGMENTS, place.builder, place.pacing, view, place.facets
        )
        self._start = Start(place.folder, known.newest) if known.newest is not None else None
        self._words: WordFeed | None = None
        structure = self._shard.structure.structure_digest
        self._checkpoints = CheckpointLog(place.digest_every, self.offsets, structure)
        self._records = {
            topic: Records(place.open_log(), topic, place.names[topic], self._partition, getattr(self.offsets, topic))
            for topic in TOPICS
        }

    @property
    def offsets(self) -> Offsets:
        return self._shard.view.offsets

    @property
    def view(self) -> ShardView:
        return self._shard.view

    @property
    def lineage(self) -> str:
        return self._shard.view.identity.lineage

    @property
    def checkpoints(self) -> Checkpoints:
        """Those of the last way, as live replicas tell theirs."""
        return self._checkpoints.kept

    @property
    def structure_digest(self) -> int:
        return self._shard.structure.structure_digest()

    def extend(self, end: Offsets) -> None:
        """It will go no further than that for now: the log is read in one go."""
        for topic, offset in zip(TOPICS, end, strict=True):
            self._records[topic].extend(offset)

    def advance(self, offsets: Offsets) -> ShardView:
        """Reads on to these offsets. Raises what reading the log raises."""
        for topic, offset in zip(TOPICS, offsets, strict=True):
            coming = self._records[topic].before(offset)
            while batch := list(islice(coming, BATCH)):
                apply(batch, self._shard, self._checkpoints)
        at = self.offsets
        if offsets != at:  # past what is no record: the marker of a transaction
            self._shard.write((), Offsets(max(at.documents, offsets.documents), max(at.offers, offsets.offers)))
        return self._shard.view

    def words(self) -> PinnedWords:
        """Those of the state now. Raises Unavailable when they cannot be indexed."""
        if self._words is None:
            folder, view = self._place.folder / WORDS, self._shard.view
            self._words = WordFeed(folder, view, self._place.facets, start=self._start)
            self._shard.feed(self._words)
        at = self.offsets.documents
        self._words.hurry()
        if not self._words.wait(at, WORDS_WAIT_S):
            raise Unavailable(f"the words of partition {self._partition} were not indexed within {WORDS_WAIT_S:g} s")
        return PinnedWords(self._words.now, at)

    def close(self) -> None:
        if self._words is not None:
            self._words.close()


def log_is_whole(log: Log, names: Mapping[Topic, str], partition: int, now_ms: int, horizon_ms: int) -> bool:
    """Whether the log has every record since its beginning: none was deleted, none is old enough to be compacted."""
    for name in names.values():
        begin, end = log.begin_end(name, partition)
        if begin > 0:
            return False
        first = next(_records(log, name, partition, end), None)
        if first is not None and now_ms - first > horizon_ms:
            return False
    return True


def _records(log: Log, name: str, partition: int, end: int) -> Iterator[int]:
    """Times of the first records."""
    for records in log.read(name, partition, 0, end, batch=1):
        yield from (record.timestamp_ms for record in records)
