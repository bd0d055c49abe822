"""agents.shard: applies documents and offers to its shards, and snapshots them at fixed offsets."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from faust.types import TP

from agents.dead_letters import count_from_zero, dead_letter
from agents.faults import Faults
from agents.first_snapshot import first_view
from agents.flips import flip
from agents.partitions import refuse_skipped
from agents.shard_standing import show_disk, show_snapshots
from agents.shard_structure import StructureMetrics
from agents.topics import Topics
from agents.tracing import BatchTrace
from agents.worker import batches, fail_stop
from index_snapshots.apply import Refused, apply, read
from index_snapshots.builder import Builder
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.folder import SEGMENTS, WORDS, Known, owned, shard_folder
from index_snapshots.gentle import Gently
from index_snapshots.guards import Guards
from index_snapshots.manifest import Origin
from index_snapshots.pacing import Pacing
from index_snapshots.patience import Patience
from index_snapshots.progress import now_and_then
from index_snapshots.protocol import Identity, Offsets, ShardRecord, Topic
from index_snapshots.restore import check_log
from index_snapshots.set_aside import set_aside
from index_snapshots.shard_names import ShardNames
from index_snapshots.snapshot import no_words, write
from index_snapshots.stores import ObjectStore
from index_snapshots.view import ShardView
from index_snapshots.word_feed import Start, WordFeed
from index_snapshots.writer import ShardWriter
from schemas.digests import Scrubbed
from schemas.errors import InvalidEvent, StateRefused
from schemas.facets import Facets
from schemas.hits import ShardState
from schemas.metrics import Metrics
from schemas.records import DocumentRecord, EventId, OfferRecord
from schemas.stored import InStore
from schemas.tracing import NOT_TRACED, Tracer
from streams.ahead import ahead
from streams.freed_memory import give_back
from streams.producer import Sender
from streams.reader import LogRecord, Reader

BATCH_MAX = 500
LOOP_RECORDS_MAX = 8
"""So few records are applied in the event loop itself, when none of them can have to wait for a merge: a thread would
take the interpreter from the searches for as long, and twice more to get it."""
OFFERS_PER_DOCUMENT = 10
"""Prices and stock change more often than what a product is, and are applied as much faster."""
WORDS_WAIT_S = 120.0
"""A shard that has caught up waits so long for its words to be indexed before it answers."""
TOPICS: tuple[Topic, Topic] = ("documents", "offers")
READ_AHEAD = 4
"""Batches of the log that a shard that catches up has read before they are applied."""
Parsed = dict[tuple[Topic, int], tuple[LogRecord, ShardRecord]]
"""Records by topic and offset, as they lie in the log and as a shard reads them."""

log = structlog.get_logger()


@dataclass
class Kept:
    """A shard with what surrounds it in this process."""

    origin: Origin
    folder: Path
    shard: ShardWriter
    checkpoints: CheckpointLog
    scrubbed: Scrubbed | None = None
    """What the last scrub found."""
    applied: int = 0
    lags: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOPICS, 0))
    snapshotting: asyncio.Task[None] | None = None
    written: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after each snapshot."""
    known: Known = field(default_factory=Known)
    """Of its snapshots."""
    in_store: InStore | None = None
    """What the store has of it; None: nothing was sent yet, or there is no store."""
    alarmed: bool = False
    live_from: Offsets | None = None
    """Where it had caught up with the log: from there on its digests are those of any other replica. Before, a shard
    that is built from a compacted log lacks what was superseded."""

    words: WordFeed | None = None
    """None: its products are found by their meaning alone."""
    names: ShardNames = field(default_factory=ShardNames)
    """Of its brands and categories."""

    @property
    def position(self) -> Mapping[str, int]:
        """Next offset of each topic."""
        return self.shard.view.offsets._asdict()

    @property
    def damaged(self) -> bool:
        return self.scrubbed is not None and bool(self.scrubbed.differing)

    def refuse_damaged(self) -> None:
        """Raises StateRefused: a damaged state must not take the place of the whole snapshots on disk."""
        if self.damaged and self.scrubbed is not None:
            raise StateRefused(f"the last scrub found the {' and '.join(self.scrubbed.differing)} changed")


@dataclass(frozen=True)
class ShardSetup:
    """What a shard process is told."""

    kafka: str
    topics: Topics
    data: Path
    replica: int
    snapshot_every: int
    snapshots_keep: int
    held_offers_max: int
    digest_every: int
    recall: float
    facets: Facets = field(default_factory=dict)
    tracer: Tracer = NOT_TRACED
    store: ObjectStore | None = None
    """Where a shard without a snapshot gets one."""


class ShardAgent:
    """The shards of one process. Their own offsets, kept in themselves, are the truth: no group, no commit."""

    def __init__(
        self,
        setup: ShardSetup,
        origins: Iterable[Origin],
        builder: Builder,
        dead_letters: Sender,
        metrics: Metrics,
        faults: Faults,
        new_lineage: Callable[[], str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Restores each shard's newest snapshot, else the store's.

        Raises StateRefused for a folder of another process or cluster.
        """
        self._setup = setup
        self._builder = builder
        self._dead_letters = dead_letters
        self._metrics = metrics
        count_from_zero(metrics, "shard")
        for result in ("written", "failed"):
            metrics.counter("freshet_snapshots_total").labels(result)
        self._structure = StructureMetrics(metrics)
        self._faults = faults
        self._guards = Guards(whole=not faults.skips("whole"), offsets=not faults.skips("offsets"))
        """Of its snapshots."""
        self._clock = clock
        self._owned = ExitStack()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="apply")
        self._bases: dict[str, Topic] = {setup.topics.name(base): base for base in TOPICS}
        self.caught_up = faults.skips("catch-up")
        self._sought: set[TP] = set()
        """Partitions whose first batch since the last seek has not come."""
        self.live = False
        """Whether the worker follows the log: until then what comes in is not applied."""
        self.hurried = threading.Event()
        """Set when the process ends: a snapshot that is being written no longer gives way to searches."""
        self.lock = asyncio.Lock()
        self.kept = {origin.partition: self._open(origin, new_lineage) for origin in origins}

    def _open(self, origin: Origin, new_lineage: Callable[[], str]) -> Kept:
        folder = shard_folder(self._setup.data, origin.generation, origin.partition)
        if not self._faults.skips("owner"):
            self._owned.enter_context(owned(folder))
        if set_aside(folder, self._now_ms()):
            log.warning("what was here is set aside, the shard is built anew", partition=origin.partition)
        known = Known()
        view = first_view(folder, origin, self._setup.store, self._now_ms(), known)
        identity = view.identity if view else Identity(origin.partition, new_lineage(), origin.encoder, origin.dim)
        pacing = Pacing(recall=self._setup.recall)
        segments, facets = folder / SEGMENTS, self._setup.facets
        shard = ShardWriter(identity, self._now_ms, segments, self._builder, pacing, view, facets)
        start = Start(folder, known.newest) if view is not None and known.newest is not None else None
        words = WordFeed(folder / WORDS, shard.view, facets, start=start)
        shard.feed(words)
        structure = shard.structure.structure_digest
        checkpoints = CheckpointLog(self._setup.digest_every, shard.view.offsets, structure)
        return Kept(origin, folder, shard, checkpoints, known=known, words=words)

    def close_words(self) -> None:
        """Nothing is written after this."""
        for kept in self.kept.values():
            if kept.words is not None:
                kept.words.close()

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    async def catch_up(self) -> None:
        """Reads each shard's log from its own offsets to the end that stands now.

        Raises StateRefused when it cannot be the same log: it ends before the state, or records were deleted unread.
        """
        for partition, kept in self.kept.items():
            started = time.monotonic()
            count, refused = await asyncio.to_thread(self._catch_up, kept)
            for record, one in refused:
                await self._refuse(one, record)
            took_s, waited_s = round(time.monotonic() - started, 2), round(kept.shard.structure.figures.waited_s, 2)
            told = {"took_s": took_s, "waited_s": waited_s, **self.counts(partition)}
            log.info("caught up", partition=partition, records=count, **told)
        await asyncio.to_thread(give_back)
        self.caught_up = True

    def _catch_up(self, kept: Kept) -> "tuple[int, list[tuple[LogRecord, Refused]]]":
        """Returns how many records that took, and what was refused of them."""
        partition, count, reader = kept.origin.partition, 0, Reader(self._setup.kafka)
        refused: list[tuple[LogRecord, Refused]] = []
        try:
            ends = {base: reader.begin_end(self._setup.topics.name(base), partition) for base in TOPICS}
            if any(kept.position.values()):
                check_log(partition, kept.shard.view.offsets, ends["documents"], ends["offers"])
            begin = {base: max(kept.position[base], ends[base][0]) for base in TOPICS}
            total, done = sum(ends[base][1] - begin[base] for base in TOPICS), 0
            progress = now_and_then(partial(_tell_catching_up, partition))
            for base in TOPICS:
                coming = reader.read(self._setup.topics.name(base), partition, begin[base], ends[base][1])
                for parsed in ahead(map(self._parsed, coming), READ_AHEAD):  # the writer may wait for a merge
                    refused += self._apply(kept, parsed)[1]
                    count += len(parsed)
                    progress(done + max(offset for _, offset in parsed) + 1 - begin[base], total)
                done += ends[base][1] - begin[base]
            kept.shard.write((), Offsets(ends["documents"][1], ends["offers"][1]))  # past the last markers
            kept.live_from = kept.shard.view.offsets
            if kept.words and not kept.words.wait(kept.shard.view.offsets.documents, WORDS_WAIT_S):
                log.error("searches begin without words", partition=partition, waited_s=WORDS_WAIT_S)
        finally:
            reader.close()
        return count, refused

    async def starting_offsets(self, assigned: set[TP]) -> Mapping[TP, int]:
        """The shards' own offsets."""
        async with self.lock:
            self.live = True
            self._sought = set(assigned)
            return {
                tp: self.kept[tp.partition].position[self._bases[tp.topic]]
                for tp in assigned
                if tp.partition in self.kept
            }

    def assigned(self) -> list[TP]:
        return [TP(topic, partition) for partition in self.kept for topic in self._bases]

    async def work(self, stream: Any) -> None:
        """The agent: batches in, one new view out. Any error but a bad record stops the process."""
        try:
            async for batch in batches(stream, BATCH_MAX, traced=self._setup.tracer.on):
                async with self.lock:
                    for partition in {record.partition for record in batch}:
                        await self._take(partition, [record for record in batch if record.partition == partition])
        except Exception as error:  # noqa: BLE001
            fail_stop("agents.shard", error)

    async def _take(self, partition: int, records: list[LogRecord]) -> None:
        kept, loop = self.kept[partition], asyncio.get_running_loop()
        trace = BatchTrace(self._setup.tracer, "apply", records)
        before = kept.position
        await self._check_first(kept, records)
        if len(records) <= min(LOOP_RECORDS_MAX, kept.shard.room):
            changed, refused = self._apply(kept, self._parsed(records))
        else:
            changed, refused = await loop.run_in_executor(
                self._writer, lambda: self._apply(kept, self._parsed(records))
            )
        trace.end()
        self._faults.step("shard.1")
        for place in self._faults.flips():
            flip(kept.shard.view, place)
        self._measure(changed)
        for record, one in refused:
            await self._refuse(one, record)
        if kept.snapshotting is None and snapshot_is_due(before, kept.position, self._setup.snapshot_every):
            kept.snapshotting = asyncio.create_task(self._snapshot(kept))

    async def _check_first(self, kept: Kept, records: Sequence[LogRecord]) -> None:
        """After a seek a record fetched before it could be in the way. Raises StateRefused when any was skipped."""
        for topic, base in self._bases.items():
            place = TP(topic, kept.origin.partition)
            offsets = [record.offset for record in records if record.topic == topic]
            if offsets and place in self._sought:
                expected = kept.position[base]
                await asyncio.to_thread(refuse_skipped, self._setup.kafka, *place, expected, offsets[0])
                self._sought.discard(place)

    def _parsed(self, records: Sequence[LogRecord]) -> Parsed:
        return {
            (self._bases[record.topic], record.offset): (
                record,
                read(self._bases[record.topic], record.offset, record.key, record.value, record.timestamp_ms),
            )
            for record in records
        }

    def _apply(self, kept: Kept, parsed: Parsed) -> "tuple[list[ShardRecord], list[tuple[LogRecord, Refused]]]":
        """In the writer's thread when live. Returns what was taken and what was refused."""
        before = kept.position
        applied = apply([shard_record for _, shard_record in parsed.values()], kept.shard, kept.checkpoints)
        refused = {(one.record.topic, one.record.offset): one for one in applied.refused}
        taken = [
            shard_record
            for place, (_, shard_record) in parsed.items()
            if place not in refused and shard_record.offset >= before[shard_record.topic]
        ]
        kept.applied += len(taken)
        return taken, [(parsed[place][0], one) for place, one in refused.items()]

    def _measure(self, records: Iterable[ShardRecord]) -> None:
        now_ms = self._now_ms()
        for record in records:
            self._metrics.counter("freshet_applied_total").labels(record.topic).inc()
            if isinstance(record.value, DocumentRecord | OfferRecord):
                fresh_s = (now_ms - record.value.received_ms) / 1000
                self._metrics.histogram("freshet_fresh_seconds").labels(record.topic).observe(fresh_s)

    async def _refuse(self, refused: Refused, original: LogRecord) -> None:
        """Acknowledged by Kafka before the next batch; each replica writes its own, with the same id."""
        invalid = InvalidEvent(refused.reason, refused.message, sku=refused.record.sku)
        said = refused.record.value
        order = said.order if isinstance(said, DocumentRecord | OfferRecord) else None
        event_id = EventId(order.generation, original.partition, order.offset) if order else None
        letter = dead_letter(original, event_id, invalid, "shard", self._setup.topics)
        await self._dead_letters.send(letter.topic, letter.key, letter.value, letter.partition)
        self._metrics.counter("freshet_refused_records_total").labels(refused.reason).inc()
        self._metrics.counter("freshet_dead_letters_total").labels("shard", refused.reason).inc()
        log.error("record refused", topic=original.topic, offset=original.offset, reason=refused.message)

    async def _snapshot(self, kept: Kept) -> None:
        view = kept.shard.view
        partition = kept.origin.partition
        try:
            kept.refuse_damaged()
            with self._metrics.histogram("freshet_snapshot_seconds").time():
                await asyncio.to_thread(self._write, kept, view)
            self._metrics.counter("freshet_snapshots_total").labels("written").inc()
            kept.written.set()
            log.info("snapshot written", partition=partition, rows=view.counts.rows, offset=view.offsets.documents)
        except Exception as error:  # noqa: BLE001  a full disk, say: serving goes on, the older snapshots are whole
            self._metrics.counter("freshet_snapshots_total").labels("failed").inc()
            log.error("snapshot not written", partition=partition, error=repr(error))
        finally:
            kept.snapshotting = None

    def _write(self, kept: Kept, view: ShardView) -> None:
        rest, keep = Gently(self.hurried), self._setup.snapshots_keep
        words = partial(kept.words.store, kept.folder) if kept.words is not None else no_words
        write(
            view,
            kept.folder,
            kept.origin,
            keep,
            self._now_ms(),
            self._step,
            rest,
            kept.known,
            words,
            Patience(self.hurried),
            self._guards,
        )
        give_back()

    def _step(self, number: int) -> None:
        self._faults.step(f"snapshot.{number}")

    def state(self, partition: int, offsets: Offsets | None = None) -> ShardState:
        """Which state answers now; `offsets`: those of the view that did."""
        view = self.kept[partition].shard.view
        documents, offers = offsets or view.offsets
        return ShardState(
            partition=partition,
            replica=self._setup.replica,
            lineage=view.identity.lineage,
            documents_offset=documents,
            offers_offset=offers,
        )

    def counts(self, partition: int) -> dict[str, int]:
        counts = self.kept[partition].shard.view.counts
        return {"rows": counts.rows, "visible": counts.visible, "held_offers": counts.held_offers}

    def measure_lags(self, reader: Reader) -> None:
        """How far behind the log each shard is; a raw lag of 1 is the marker of the last transaction. Blocking."""
        for partition, kept in self.kept.items():
            for base in TOPICS:
                topic = self._setup.topics.name(base)
                _, end = reader.begin_end(topic, partition)
                behind = end - kept.position[base]
                kept.lags[base] = behind if behind > 1 else 0
                self._metrics.gauge("freshet_position").labels(topic, partition).set(kept.position[base])
            for kind, count in self.counts(partition).items():
                self._metrics.gauge("freshet_shard_rows").labels(partition, kind).set(count)
            every = steps(self._setup.snapshot_every)
            show_snapshots(self._metrics, partition, kept.known.newest, kept.position, every, self._now_ms())
            self._structure.update(partition, kept.shard)
            self._alarm_held(kept)
        show_disk(self._metrics, self._setup.data)
        self._structure.builder(self._builder.cpu_s)

    def _alarm_held(self, kept: Kept) -> None:
        """Says so once when too many offers wait for their documents, and again after it was over."""
        too_many = kept.shard.view.counts.held_offers > self._setup.held_offers_max
        if too_many and not kept.alarmed:
            held = kept.shard.view.counts.held_offers
            log.error("offers wait for their documents", partition=kept.origin.partition, held_offers=held)
        kept.alarmed = too_many


def snapshot_is_due(before: Mapping[str, int], after: Mapping[str, int], every: int) -> bool:
    """Whether a multiple of `every` documents was passed, or of OFFERS_PER_DOCUMENT times as many offers: a shop that
    changes prices only must not start from a log of days."""
    return any(after[topic] // step > before[topic] // step for topic, step in steps(every).items())


def steps(every: int) -> dict[str, int]:
    """Records of each topic from one snapshot to the next."""
    return {"documents": every, "offers": every * OFFERS_PER_DOCUMENT}


def _tell_catching_up(partition: int, done: int, total: int, left_s: float) -> None:
    log.info("catching up with the log", partition=partition, offsets=done, of_offsets=total, left_s=round(left_s, 1))
