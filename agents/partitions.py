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
            return {TP(self._topic, partition): self.next_offsets[partition] for partition in wanted}

    async def _begin(self, partition: int) -> None:
        writer = TransactionalWriter(self._kafka, self._agent, self._generation, partition, self.group)
        await writer.start()
        self.next_offsets[partition] = await asyncio.to_thread(self._committed, partition)
        await self._prepare(partition)
        self._writers[partition] = writer
        log.info("partition taken", topic=self._topic, partition=partition, offset=self.next_offsets[partition])

    def _committed(self, partition: int) -> int:
        reader = Reader(self._kafka)
        try:
            committed = reader.committed(self.group, self._topic, [partition])[partition]
            first, _ = reader.begin_end(self._topic, partition)
        finally:
            reader.close()
        if committed >= 0:
            self._refuse_unread(partition, committed, first)
        return max(committed, first)

    async def check_gap(self, partition: int, offset: int) -> None:
        """Raises StateRefused when the records before `offset` were deleted before they were read.

        A gap may also be a hole that another producer's transactions left; then this returns.
        """
        expected = self.next_offsets[partition]
        if offset > expected:
            reader = Reader(self._kafka)
            try:
                first, _ = await asyncio.to_thread(reader.begin_end, self._topic, partition)
            finally:
                await asyncio.to_thread(reader.close)
            self._refuse_unread(partition, expected, first)

    def _refuse_unread(self, partition: int, position: int, first: int) -> None:
        if position < first:
            raise StateRefused(
                f"{self._topic}/{partition} is kept from {first}, but {self.group} has only read up to {position}:"
                f" {first - position} records were deleted unread",
                hint="send the catalogue again (freshet import), then reset the group; see docs/runbook.md",
            )

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


def group_of(agent: str, generation: int) -> str:
    """The consumer group of an agent in a generation of topics."""
    return f"freshet-{agent}-{generation}"
