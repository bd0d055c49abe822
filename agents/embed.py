"""agents.embed: stateless; the newest content of each SKU in a batch becomes a document with its vector."""

import asyncio
import base64
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import structlog

from agents.dead_letters import count_from_zero, dead_letter
from agents.faults import Faults
from agents.partitions import Partitions
from agents.topics import Topics
from agents.tracing import BatchTrace
from agents.worker import TRANSACTION_EVERY_S, batches, fail_stop, fresh_only
from encoders.product_text import product_text
from encoders.protocol import Encoder
from schemas.errors import FreshetError, InvalidEvent, StateRefused
from schemas.metrics import Metrics
from schemas.records import ContentRecord, DocumentRecord, EventId, Outcome, decode, is_unit
from schemas.tracing import NOT_TRACED, Tracer
from streams.reader import LogRecord
from streams.transactions import Outgoing

log = structlog.get_logger()


@dataclass(frozen=True)
class Content:
    """A record of `contents` and what it says; `says` None is a purge."""

    record: LogRecord
    says: ContentRecord | None

    @property
    def text(self) -> str:
        """What is embedded. Only for a record with content."""
        assert self.says is not None and self.says.content is not None
        content = self.says.content
        return product_text(content.title, content.brand, content.description)


@dataclass
class Embedded:
    """What a batch of one partition comes to. `outgoing` is in the order of its records, refusals last."""

    outgoing: list[Outgoing] = field(default_factory=list)
    encoded: int = 0
    refused: list[str] = field(default_factory=list)
    coalesced: int = 0


def embed_batch(
    records: Sequence[LogRecord], encoder: Encoder, topics: Topics, faults: Faults, tried: Callable[[bool], None]
) -> Embedded:
    """Embeds the newest content of each SKU; deletes and purges always pass on.

    When the newest content of a SKU cannot be embedded it is dead-lettered, and the next older one since the SKU's last
    delete is taken. `tried` is told of each text whether it could be embedded. Blocking: call it in a thread.
    """
    embedded = Embedded()
    done: list[tuple[int, Outgoing]] = []
    refusals: list[Outgoing] = []
    waiting: dict[bytes, list[Content]] = {}
    for content in _read(records, refusals, embedded, topics):
        run = waiting.setdefault(content.record.key or b"", [])
        if content.says is not None and content.says.content is not None:
            run.append(content)
        else:
            run.clear()
            done.append((content.record.offset, _passed_on(content, topics)))
    embedded.coalesced = sum(max(0, len(run) - 1) for run in waiting.values())
    while newest := [run.pop() for run in waiting.values() if run]:
        vectors = _encode([content.text for content in newest], encoder, faults)
        for content, vector in zip(newest, vectors, strict=True):
            tried(vector is not None)
            if vector is None:
                invalid = InvalidEvent("encoder_refused", "the encoder gave no usable vector for this product")
                refusals += _refuse(content.record, content.says, invalid, topics)
                embedded.refused.append(invalid.reason)
            else:
                waiting[content.record.key or b""].clear()
                embedded.encoded += 1
                done.append((content.record.offset, _document(content, vector, encoder.id, topics)))
    embedded.outgoing = [outgoing for _, outgoing in sorted(done, key=lambda item: item[0])] + refusals
    return embedded


def _read(records: Sequence[LogRecord], refusals: list[Outgoing], embedded: Embedded, topics: Topics) -> list[Content]:
    contents = []
    for record in records:
        try:
            contents.append(Content(record, None if record.value is None else decode(ContentRecord, record.value)))
        except InvalidEvent as invalid:
            refusals += _refuse(record, None, invalid, topics)
            embedded.refused.append(invalid.reason)
    return contents


def _encode(texts: Sequence[str], encoder: Encoder, faults: Faults) -> "list[np.ndarray[Any, Any] | None]":
    """A vector per text; None where the encoder fails on that very text, or gives no finite vector of length 1."""
    try:
        for _ in texts:
            faults.handler("embed")
        return [vector if _usable(vector, encoder.dim) else None for vector in encoder.encode_texts(texts)]
    except Exception as error:
        if len(texts) == 1:
            log.exception("a product could not be embedded", error=repr(error))
            return [None]
        return [vector for text in texts for vector in _encode([text], encoder, faults)]


def _usable(vector: "np.ndarray[Any, Any]", dim: int) -> bool:
    """Whether a shard would take it: of length 1 in fp64, so that nothing overflows in fp16 either."""
    wide = vector.astype(np.float64)
    return wide.shape == (dim,) and is_unit(float(wide @ wide) ** 0.5)


def _document(content: Content, vector: "np.ndarray[Any, Any]", encoder_id: str, topics: Topics) -> Outgoing:
    says = content.says
    assert says is not None
    document = DocumentRecord(
        sku=says.sku,
        order=says.order,
        content=says.content,
        content_hash=says.content_hash,
        vector=base64.b64encode(vector.astype("<f2").tobytes()).decode(),
        encoder=encoder_id,
        received_ms=says.received_ms,
    )
    return Outgoing(
        topics.name("documents"),
        content.record.partition,
        content.record.key or b"",
        document.encode(),
        content.record.traceparent,
    )


def _passed_on(content: Content, topics: Topics) -> Outgoing:
    says = content.says
    value = (
        None if says is None else DocumentRecord(sku=says.sku, order=says.order, received_ms=says.received_ms).encode()
    )
    return Outgoing(
        topics.name("documents"), content.record.partition, content.record.key or b"", value, content.record.traceparent
    )


def _refuse(
    record: LogRecord, says: ContentRecord | None, invalid: InvalidEvent, topics: Topics
) -> tuple[Outgoing, ...]:
    """The dead letter, and the correction of the event's outcome where the event is known."""
    if says is None:
        return (dead_letter(record, None, invalid, "embed", topics),)
    event_id = EventId(says.order.generation, record.partition, says.order.offset)
    invalid.sku = says.sku
    outcome = Outcome(
        event_id=str(event_id),
        sku=says.sku,
        outcome="dead-lettered",
        reason=invalid.reason,
        by="embed",
        received_ms=says.received_ms,
    )
    correction = Outgoing(
        topics.name("outcomes"), record.partition, str(event_id).encode(), outcome.encode(), record.traceparent
    )
    return dead_letter(record, event_id, invalid, "embed", topics), correction


class EmbedAgent:
    """The flow around `embed_batch`: while one batch is committed, the next is already in the encoder."""

    def __init__(
        self,
        kafka: str,
        topics: Topics,
        encoder: Encoder,
        batch_max: int,
        dead_letter_limit: int,
        metrics: Metrics,
        faults: Faults,
        tracer: Tracer = NOT_TRACED,
    ) -> None:
        self._topics = topics
        self._encoder = encoder
        self._batch_max = batch_max
        self._dead_letter_limit = dead_letter_limit
        self._metrics = metrics
        count_from_zero(metrics, "embed")
        self._faults = faults
        self._tracer = tracer
        self._failures_in_a_row = 0
        self._counted = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._committing: asyncio.Task[None] | None = None
        self._handed_on: dict[int, int] = {}
        """Next offset by partition, batches that are still being committed included."""
        self.partitions = Partitions(
            kafka, "embed", topics.generation, topics.name("contents"), self._prepare, metrics, faults.step
        )

    async def _prepare(self, partition: int) -> None:
        self._handed_on.pop(partition, None)

    async def work(self, stream: Any) -> None:
        """The agent: batches in, transactions out. Any error but a bad record stops the worker."""
        try:
            async for batch in batches(stream, self._batch_max, TRANSACTION_EVERY_S, traced=self._tracer.on):
                for partition, records in groupby(sorted(batch, key=_by_partition), key=_by_partition):
                    await self._embed(partition, list(records))
        except Exception as error:  # noqa: BLE001
            fail_stop("agents.embed", error)

    async def _embed(self, partition: int, records: list[LogRecord]) -> None:
        committed = self.partitions.next_offsets.get(partition)
        if committed is None:
            return  # handed over meanwhile
        expected = max(committed, self._handed_on.get(partition, 0))
        fresh = fresh_only(records, expected)
        if not fresh:
            return
        await self.partitions.check_next(partition, expected, fresh[0].offset)
        self._metrics.gauge("freshet_batch_records").labels("embed").set(len(fresh))
        trace = BatchTrace(self._tracer, "embed", fresh)
        with self._metrics.histogram("freshet_encode_seconds").labels("embed").time():
            embedded = await asyncio.get_running_loop().run_in_executor(
                self._thread, embed_batch, fresh, self._encoder, self._topics, self._faults, self._tried
            )
        self._metrics.counter("freshet_texts_encoded_total").labels("embed").inc(
            self._encoder.texts_encoded - self._counted
        )
        self._counted = self._encoder.texts_encoded
        await self.finish()
        self._handed_on[partition] = fresh[-1].offset + 1
        self._committing = asyncio.create_task(self._commit(partition, fresh, embedded, trace))

    def _tried(self, worked: bool) -> None:
        self._failures_in_a_row = 0 if worked else self._failures_in_a_row + 1
        if self._failures_in_a_row >= self._dead_letter_limit:
            raise FreshetError(
                f"{self._failures_in_a_row} products in a row could not be embedded: the deployment is wrong, not they",
                hint="look for the first error in the log of embed; nothing of this batch is acknowledged",
            )

    async def _commit(self, partition: int, fresh: list[LogRecord], embedded: Embedded, trace: BatchTrace) -> None:
        try:
            async with self.partitions.lock:
                committed = self.partitions.next_offsets.get(partition)
                if committed is None or committed > fresh[-1].offset:
                    return  # handed over meanwhile: its new owner has this batch
                if committed > fresh[0].offset:
                    raise StateRefused(
                        f"{fresh[0].topic}/{partition} was handed over and back in the middle of a batch"
                    )
                await self.partitions.commit(partition, trace.named(embedded.outgoing), fresh[-1].offset + 1)
        except Exception as error:  # noqa: BLE001
            fail_stop("committing documents", error)
        trace.end()
        self._faults.step("embed.5")
        self._metrics.counter("freshet_contents_coalesced_total").inc(embedded.coalesced)
        for reason in embedded.refused:
            self._metrics.counter("freshet_dead_letters_total").labels("embed", reason).inc()

    async def finish(self) -> None:
        """Waits until the batch before is committed."""
        task = self._committing
        if task is not None:
            await task
            if self._committing is task:  # else a newer batch is on its way already
                self._committing = None


def _by_partition(record: LogRecord) -> int:
    return record.partition
