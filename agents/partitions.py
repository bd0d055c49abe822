"""The input partitions a worker owns: for each a writer that fences its predecessors, and a committed position."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import structlog
from faust.types import TP

from schemas.errors import StateRefused
from schemas.metrics import Metrics
from streams.reader import Reader
from streams.transactions import Outgoing, TransactionalWriter

log = structlog.get_logger()

Prepare = Callable[[int], Awaitable[None]]
"""Brings what the agent keeps for a partition up to date; called after fencing, before the first record."""


class Partitions:
    """Begins, commits and hands over the partitions of one input topic. Everything happens under one lock per worker,
    so that a rebalance never meets a batch half done."""

    def __init__(
        self,
        kafka: str,
        agent: str,
        generation: int,
        topic: str,
        prepare: Prepare,
        metrics: Metrics,
        step: Callable[[str], None],
    ) -> None:
        self._kafka = kafka
        self._agent = agent
        self._generation = generation
        self._topic = topic
        self._prepare = prepare
        self._metrics = metrics
        self._step = step
        self._writers: dict[int, TransactionalWriter] = {}
        self.next_offsets: dict[int, int] = {}
        self._sought: set[int] = set()
        """Partitions whose first batch since the last seek has not come."""
        self.lock = asyncio.Lock()
        self.began = False
        """Whether partitions were assigned at least once; perhaps none, with more workers than partitions."""

    @property
    def group(self) -> str:
        return group_of(self._agent, self._generation)

    async def starting_offsets(self, assigned: set[TP]) -> Mapping[TP, int]:
        """Fences, reads the committed offset and prepares the partitions that are new here; the rest go on."""
        async with self.lock:
            wanted = {tp.partition for tp in assigned if tp.topic == self._topic}
            for partition in set(self._writers) - wanted:
                await self._writers.pop(partition).close()
                self.next_offsets.pop(partition)
            for partition in sorted(wanted - set(self._writers)):
                await self._begin(partition)
            self.began = True
            self._sought = set(wanted)
            return {TP(self._topic, partition): self.next_offsets[partition] for partition in wanted}

    async def _begin(self, partition: int) -> None:
        writer = TransactionalWriter(self._kafka, self._agent, self._generation, partition, self.group)
        await writer.start()
        try:
            self.next_offsets[partition] = await asyncio.to_thread(self._committed, partition)
            await self._prepare(partition)
        except BaseException:
            await writer.close()
            raise
        self._writers[partition] = writer
        log.info("partition taken", topic=self._topic, partition=partition, offset=self.next_offsets[partition])

    def _committed(self, partition: int) -> int:
        reader = Reader(self._kafka)
        try:
            committed = reader.committed(self.group, self._topic, [partition])[partition]
            first, _ = reader.begin_end(self._topic, partition)
        finally:
            reader.close()
        if 0 <= committed < first:
            raise _unread(self._topic, partition, committed, first)
        return max(committed, first)

    async def check_next(self, partition: int, expected: int, offset: int) -> None:
        """Whether `offset` is the first record at or after `expected`: asked of Kafka for the first batch after each
        seek, when a record fetched before a rebalance could be in the way. Raises StateRefused."""
        if partition in self._sought:
            await asyncio.to_thread(refuse_skipped, self._kafka, self._topic, partition, expected, offset)
            self._sought.discard(partition)

    async def check_gap(self, partition: int, offset: int) -> None:
        """The same for a topic without holes: asked whenever there is one (another producer's transactions)."""
        expected = self.next_offsets[partition]
        if offset > expected:
            self._sought.add(partition)
        await self.check_next(partition, expected, offset)

    async def commit(self, partition: int, records: Iterable[Outgoing], next_offset: int) -> Sequence[int]:
        """One transaction: the records and the input position. Returns the records' offsets. Call it under the lock."""
        with self._metrics.histogram("freshet_transaction_seconds").labels(self._agent).time():
            written = await self._writers[partition].commit(
                records, self._topic, partition, next_offset, self._step_named
            )
        self.next_offsets[partition] = next_offset
        self._metrics.gauge("freshet_position").labels(self._topic, partition).set(next_offset)
        return written

    def _step_named(self, number: int) -> None:
        self._step(f"{self._agent}.{number}")


def refuse_skipped(kafka: str, topic: str, partition: int, expected: int, offset: int) -> None:
    """Raises StateRefused when there are records between `expected` and `offset`, or there were and they are deleted.

    A worker that stops on it starts again at what is committed. Blocking.
    """
    if offset <= expected:
        return
    reader = Reader(kafka)
    try:
        first, _ = reader.begin_end(topic, partition)
        if first > expected:
            raise _unread(topic, partition, expected, first)
        following = reader.record_at(topic, partition, expected)
    finally:
        reader.close()
    if following is not None and following.offset < offset:
        raise StateRefused(f"{topic}/{partition}: offset {offset} came before {following.offset}; starting again")


def _unread(topic: str, partition: int, position: int, first: int) -> StateRefused:
    return StateRefused(
        f"{topic}/{partition} is kept from {first}, but it was only read up to {position}:"
        f" {first - position} offsets were deleted unread",
        hint="send the catalogue again (freshet import), then freshet topics reset --group GROUP --topic TOPIC; "
        "see docs/runbook.md, Search is degraded, or a process is down",
    )


def group_of(agent: str, generation: int) -> str:
    """The consumer group of an agent in a generation of topics."""
    return f"freshet-{agent}-{generation}"
