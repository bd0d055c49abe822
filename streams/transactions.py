"""One Kafka transaction per batch: what a batch wrote and how far it read become visible together, or not at all.

aiokafka, because its transactional producer takes offsets for a plain group id and so can commit for a Faust consumer.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.errors import Fenced
from schemas.topics import RECORD_BYTES_MAX
from schemas.tracing import carrying

TRANSACTION_TIMEOUT_MS = 10_000
"""After it the broker aborts for a worker that hangs, so that readers of committed records are not held up."""

RETRY_BACKOFF_MS = 20
"""Kafka 4 answers NOT_ENOUGH_REPLICAS while it verifies a transaction (KIP-890); the default, 100 ms, would be felt."""


class Outgoing(NamedTuple):
    topic: str
    partition: int
    key: bytes
    value: bytes | None
    traceparent: bytes = b""
    """Of what it was made from; empty: it is not traced."""


class TransactionalWriter:
    """Writes the batches of one agent and input partition. Starting it fences every older one of the same id."""

    def __init__(self, kafka: str, agent: str, generation: int, partition: int, group: str) -> None:
        self._group = group
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka,
            transactional_id=f"freshet-{agent}-{generation}-{partition}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            request_timeout_ms=TRANSACTION_TIMEOUT_MS,
            acks="all",
            compression_type="zstd",
            linger_ms=0,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            max_batch_size=1_000_000,
            max_request_size=RECORD_BYTES_MAX,
        )

    async def start(self) -> None:
        """Returns when older writers of this id are fenced and their open transaction is aborted."""
        await self._producer.start()

    async def commit(
        self,
        records: Iterable[Outgoing],
        topic: str,
        partition: int,
        next_offset: int,
        step: Callable[[int], None] = lambda number: None,
    ) -> Sequence[int]:
        """Writes the records and the input position as one transaction; returns the records' offsets.

        `step` is called with 1 (nothing written), 2 (records sent), 3 (all but the commit), 4 (committed): where the
        tests kill the process.

        Raises Fenced when another owner has taken over, and KafkaError when the result is not known; after either the
        caller must stop and start again from what is committed.
        """
        try:
            step(1)
            await self._producer.begin_transaction()
            sent = [
                await self._producer.send(
                    record.topic,
                    record.value,
                    record.key,
                    partition=record.partition,
                    headers=carrying(record.traceparent),
                )
                for record in records
            ]
            step(2)
            offsets = {TopicPartition(topic, partition): next_offset}
            await self._producer.send_offsets_to_transaction(offsets, self._group)
            written = [(await future).offset for future in sent]
            step(3)
            await self._producer.commit_transaction()
            step(4)
            return written
        except KafkaError as error:
            if type(error).__name__ in ("ProducerFenced", "InvalidProducerEpoch", "InvalidProducerIdMapping"):
                raise Fenced(f"another worker has taken over {topic}/{partition}: {error}") from error
            raise

    async def close(self) -> None:
        await self._producer.stop()
