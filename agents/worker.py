"""The Faust worker that loses nothing: it seeks to what is really committed, and never acknowledges by itself.

Stock Faust 0.15.3 drops records that it fetched during a rebalance when nothing was committed yet, acknowledges events
whose handler raised, and reads uncommitted records. The subclasses below rest on its private hooks, so its version is
pinned and tests/system/test_chaos.py guards it. See docs/adr/0002-faust.md.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust
import structlog
from faust.tables import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, EventT

from schemas.errors import FreshetError
from schemas.tracing import among
from streams.freed_memory import keep_small
from streams.reader import LogRecord

SESSION_TIMEOUT_S = 10
"""A peer takes over so long after a worker went silent."""
STOP_S = 8.0
"""A stopping worker finishes the batch in hand within this time, else it leaves it to the next start."""
EXIT_FAIL_STOP = 3
CRASH_CHECK_S = 0.2
BATCH_BYTES_MAX = 8_000_000
"""Of values: what one transaction can carry well within its time."""
TRANSACTION_EVERY_S = 0.05
"""Transactions of one agent begin at most so often. Each costs Kafka and the agent some milliseconds of a core,
whatever is in it: 50 changes a second as 100 transactions took half a core from the searches beside them."""
BUFFER_RECORDS_MAX = 512
"""Delivered and not yet taken, by partition; of 1 MB at the worst."""

log = structlog.get_logger()


StartingOffsets = Callable[[set[TP]], Awaitable[Mapping[TP, int]]]
"""Prepares the assigned partitions and says where each begins. May be called again for the same ones."""


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    """Reads committed records only; takes partitions by hand when the app says which."""

    app: Any

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # Faust has no setting for it outside exactly_once
        return consumer

    async def subscribe(self, topics: Iterable[str]) -> None:
        assigned = self.app.assigned_by_hand
        if assigned is None:
            await super().subscribe(topics)
        else:
            await self.call_thread(self._assign, assigned)

    async def _assign(self, assigned: Sequence[TP]) -> None:
        self._ensure_consumer().assign([driver.ensure_aiokafka_TP(tp) for tp in assigned])
        # Not awaited: the app's answer to it waits until this subscription is done.
        self._assigning = asyncio.ensure_future(self._rebalance_listener.on_partitions_assigned(assigned))

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's livelock warnings look at its own commits, and there are none."""


class _Consumer(driver.Consumer):
    """Where to begin is the app's answer, every time; what is done is committed by the app's own transactions."""

    app: Any

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        offsets = await self.app.starting_offsets(self.assignment())
        if offsets:
            await self.seek_wait(offsets)
        self._committed_offset.update(offsets)

    async def commit(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def ack(self, message: Any) -> bool:
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Holes (transaction markers, compaction) need no bookkeeping: nothing is committed from it."""

    async def wait_empty(self) -> None:
        """What was fetched and not worked on is fetched again after the start."""


class _Transport(driver.Transport):
    Consumer = _Consumer


class _NoTables(TableManager):
    """There are none; Faust waits a second at each start for whoever declares one late."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class WorkerApp(faust.App):
    """A Faust app with our consumer."""

    starting_offsets: StartingOffsets
    assigned_by_hand: Sequence[TP] | None

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)


@dataclass(frozen=True)
class WorkerName:
    group: str
    instance: str
    """Fixed: a restart takes its partitions back at once instead of waiting for the old membership to expire."""


def worker_app(
    kafka: str, name: WorkerName, data: Path, starting_offsets: StartingOffsets, by_hand: Sequence[TP] | None = None
) -> WorkerApp:
    """`by_hand`: exactly these partitions, no consumer group; else the group shares what its topics have."""
    folder = data / "faust" / name.instance
    folder.mkdir(parents=True, exist_ok=True)
    app = WorkerApp(
        name.group,
        broker=";".join(f"kafka://{server}" for server in kafka.split(",")),
        datadir=str(folder),
        consumer_group_instance_id=None if by_hand is not None else name.instance,
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_heartbeat_interval=2,
        broker_max_poll_records=2_000,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=BUFFER_RECORDS_MAX,
        stream_wait_empty=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        TableManager=_NoTables,
        producer_compression_type="zstd",
        producer_request_timeout=30.0,
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
    )
    app.starting_offsets = starting_offsets
    app.assigned_by_hand = by_hand
    return app


async def batches(
    stream: Any,
    batch_max: int,
    every_s: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    traced: bool = False,
) -> AsyncIterator[list[LogRecord]]:
    """What has already come, at most `batch_max` records or about BATCH_BYTES_MAX. A batch that is full waits for
    nothing, another one until the last is `every_s` old: so a change that comes alone goes on at once."""
    batch: list[LogRecord] = []
    size_bytes = 0
    due_s = clock()
    async for event in stream.noack().events():
        record = _incoming(event, traced)
        event.ack()
        batch.append(record)
        size_bytes += len(record.value or b"")
        full = len(batch) >= batch_max or size_bytes >= BATCH_BYTES_MAX
        if not full and stream.channel.queue.empty() and (early_s := due_s - clock()) > 0:
            await asyncio.sleep(early_s)
        if full or stream.channel.queue.empty():
            due_s = clock() + every_s
            yield batch
            batch, size_bytes = [], 0


def _incoming(event: EventT[Any], traced: bool) -> LogRecord:
    message = event.message
    return LogRecord(
        message.topic,
        message.partition,
        message.offset,
        message.key,
        message.value,
        int(message.timestamp * 1000),
        among(message.headers) if traced else b"",
    )


def fresh_only(records: Iterable[LogRecord], next_offset: int) -> list[LogRecord]:
    """Records at or past `next_offset`, each once, in order: a re-seek delivers again what was in a buffer."""
    fresh = []
    for record in records:
        if record.offset >= next_offset:
            fresh.append(record)
            next_offset = record.offset + 1
    return fresh


def fail_stop(what: str, error: BaseException) -> None:
    """Leaves at once, nothing acknowledged: the supervisor starts again from what is committed."""
    hint = {"hint": error.hint} if isinstance(error, FreshetError) and error.hint else {}
    log.error("stopping", what=what, error=repr(error), **hint, exc_info=error)
    os._exit(EXIT_FAIL_STOP)


async def run(app: WorkerApp, finish: Callable[[], Awaitable[None]]) -> None:
    """Runs until SIGTERM or SIGINT, then lets `finish` complete the work in hand. Never returns: Faust's own shutdown
    can hang on a rebalance, and leaving hard is safe because only committed work counts."""
    keep_small()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    running = asyncio.create_task(_run(app))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        fail_stop("worker", running.exception() or app.crash_reason or RuntimeError("Faust stopped by itself"))
    try:
        await asyncio.wait_for(finish(), STOP_S)
    except TimeoutError:
        log.warning("the batch in hand did not end in time; it is done again after the start", limit_s=STOP_S)
    log.info("stopped")
    os._exit(0)


async def _run(app: WorkerApp) -> None:
    await app.start()
    while not (app.crashed or app.should_stop):
        await asyncio.sleep(CRASH_CHECK_S)
