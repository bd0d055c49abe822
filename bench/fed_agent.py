"""A real shard agent with its endpoint, fed without a broker: records at a fixed rate, and how soon they are found.

What is left out of a real shard process is the Kafka consumer alone; encoding the records here costs about as much.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from agents.faults import Faults
from agents.health import Health, listen
from agents.shard import Kept, ShardAgent, ShardSetup
from agents.shard_endpoint import ShardEndpoint
from agents.topics import Topics
from bench.fed_stream import FedStream
from bench.paced_stream import BATCH_MAX, PROBE_S, TICK_S, Flow
from bench.shard_records import ENCODER, GENERATION, log_value, sku_name
from bench.vector_file import VectorFile
from bench.workload import blocks
from index_snapshots.builder import BuilderProcess
from index_snapshots.manifest import Origin
from index_snapshots.protocol import Half, View
from index_snapshots.writer import ShardWriter
from schemas.filters import Filters
from schemas.metrics import Metrics
from schemas.settings import ShardSettings
from streams.producer import Position
from streams.reader import LogRecord

LOOPBACK: Final = "127.0.0.1"
POLL_S: Final = 0.001
"""So often the loop looks whether a probed record is in the view."""


class NoDeadLetters:
    """A `Sender`: nothing of the workload may be refused."""

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None
    ) -> "asyncio.Future[Position]":
        raise RuntimeError(f"the shard refused a record of the workload: {value!r}")

    async def close(self) -> None:
        return


class Awaited(NamedTuple):
    """A record that is looked for once it is applied."""

    record: int
    intended_s: float


class FedAgent:
    """Lives in one event loop; its methods are called there."""

    def __init__(
        self, folder: Path, vectors: VectorFile, skus: npt.NDArray[np.int64], dim: int, warm: Sequence[Half]
    ) -> None:
        """`warm`: queries that a merged view is asked before it answers anybody, because its pages are mapped anew."""
        defaults = ShardSettings(data=folder)
        topics = Topics(GENERATION, 1)
        ids = {"documents": "documents", "offers": "offers"}
        origin = Origin(partition=0, generation=GENERATION, cluster_id="bench", topic_ids=ids, encoder=ENCODER, dim=dim)
        setup = ShardSetup(
            kafka="",
            topics=topics,
            data=folder,
            replica=0,
            snapshot_every=defaults.snapshot_every_records,
            snapshots_keep=defaults.snapshots_keep,
            held_offers_max=defaults.held_offers_max,
            digest_every=defaults.digest_every,
            recall=defaults.recall,
        )
        self._metrics = Metrics()
        self.builder = BuilderProcess()
        dead_letters, metrics = NoDeadLetters(), self._metrics
        self.agent = ShardAgent(setup, [origin], self.builder, dead_letters, metrics, Faults(), lambda: "bench")
        self.agent.caught_up = self.agent.live = True
        self._shard = self.kept.shard
        self._topic = topics.name("documents")
        self._vectors, self._skus, self._warm = vectors, skus, warm
        self._fed = FedStream()
        self._awaited: deque[Awaited] = deque()
        self._watching: asyncio.Task[None] | None = None
        self.flow = Flow()
        self.next = 0

    @property
    def kept(self) -> Kept:
        return self.agent.kept[0]

    async def listen(self) -> int:
        """Begins to work and to answer; returns the port."""
        self._working = asyncio.create_task(self.agent.work(self._fed))
        health = Health("shard", self._metrics, str, dict)
        return await listen(ShardEndpoint(self.agent).app(health), LOOPBACK, 0)

    def answer_from(self, view: View | None) -> None:
        """Lets the endpoint answer from this view; None: from the shard again. Only while nothing is fed."""
        self.kept.shard = self._shard
        if view is not None:
            for query in self._warm:
                view.search(query, 1, Filters())
            self.kept.shard = cast(ShardWriter, SimpleNamespace(view=view, times=self._shard.times))

    async def load(self, rows: int) -> None:
        """Feeds the first `rows` records, at the agent's own pace."""
        for first, count in blocks(rows, BATCH_MAX):
            self._fed.feed(self._records(first, count))
            self.next = first + count
            await self._until_applied(self.next)

    async def stream(self, rate: float, last: int, now_s: Callable[[], float]) -> None:
        """Feeds up to record `last` on a fixed schedule; cancel it to end it earlier."""
        start_s, first, tick, every = now_s(), self.next, 0, max(1, round(PROBE_S * rate))
        while self.next < last:
            tick += 1
            intended_s = start_s + tick * TICK_S
            await asyncio.sleep(max(0.0, intended_s - now_s()))
            due = min(last, first + int(tick * TICK_S * rate)) - self.next
            if due <= 0:
                continue
            self._fed.feed(self._records(self.next, due))
            self.flow.late_max_ms = max(self.flow.late_max_ms, (now_s() - intended_s) * 1000)
            self.flow.upserts += due
            if any((record - first) % every == 0 for record in range(self.next, self.next + due)):
                self._awaited.append(Awaited(self.next + due - 1, intended_s))
                if self._watching is None or self._watching.done():
                    self._watching = asyncio.create_task(self._watch(now_s))
            self.next += due

    async def _watch(self, now_s: Callable[[], float]) -> None:
        """Until nothing is awaited: what a new view holds counts from its own time, however many came together."""
        while self._awaited:
            await self._until_applied(self._awaited[0].record + 1)
            there = []
            while self._awaited and self._awaited[0].record < self.kept.position["documents"]:
                there.append(self._awaited.popleft())
            self.flow.missed += not await asyncio.to_thread(self._finds, there[-1].record)
            self.flow.from_intended_ms.extend((now_s() - one.intended_s) * 1000 for one in there)

    def _finds(self, record: int) -> bool:
        vector = self._vectors.read(record, 1)[0]
        found = self.kept.shard.view.search(vector, 1, Filters()).found
        # A later record of the same SKU may have come meanwhile: then the shard rightly shows that one.
        name = sku_name(int(self._skus[record]))
        newest = record == np.flatnonzero(self._skus[: self.kept.position["documents"]] == self._skus[record])[-1]
        return not newest or (bool(found) and found[0].sku == name)

    async def until_all_applied(self) -> None:
        """Everything that was fed is in the view, and has been looked for."""
        await self._until_applied(self.next)
        if self._watching:
            await self._watching

    async def _until_applied(self, records: int) -> None:
        while self.kept.position["documents"] < records:
            if self._working.done():
                self._working.result()
            await asyncio.sleep(POLL_S)

    def _records(self, first: int, count: int) -> list[LogRecord]:
        skus = self._skus[first : first + count].tolist()
        now_ms = time.time_ns() // 1_000_000  # merges are paced by the log's clock
        return [
            LogRecord(
                self._topic,
                0,
                first + at,
                sku_name(sku).encode(),
                log_value(first + at, sku, vector),
                now_ms,
            )
            for at, (sku, vector) in enumerate(zip(skus, self._vectors.read(first, count), strict=True))
        ]

    def figures(self) -> dict[str, Any]:
        """What the stream did since it was asked last."""
        flow, self.flow = self.flow, Flow()
        return flow.figures()
