"""One contract for the log: the fake in memory and the real Kafka do the same."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import confluent_kafka as librdkafka
import pytest
import pytest_asyncio
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import Consumer, TopicPartition

from schemas.errors import StateRefused
from schemas.tracing import Handed, within
from streams.memory import MemoryLog
from streams.partitioner import LIBRDKAFKA_NAME, partition_of
from streams.producer import Producer, Sender
from streams.reader import Reader, Tail
from streams.topics import create_topics, reset_group
from streams.transactions import Outgoing, TransactionalWriter
from tests.unit.tracing import PARENT

PARTITIONS = 3


@pytest_asyncio.fixture(params=["memory", "kafka"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Sender, Any, str]]:
    """A sender, a reader, and a topic that no other test has written to."""
    if request.param == "memory":
        memory = MemoryLog(PARTITIONS)
        yield memory, memory, "catalog"
        return
    kafka = request.getfixturevalue("kafka")
    generation = request.getfixturevalue("generation")
    await asyncio.to_thread(create_topics, kafka, generation, PARTITIONS)
    producer, reader = Producer(kafka, loop=asyncio.get_running_loop()), Reader(kafka)
    yield producer, reader, f"catalog.{generation}"
    await producer.close()
    reader.close()


@pytest.fixture
def generation(request: pytest.FixtureRequest) -> int:
    """A number per test, so that each has its own topics."""
    return 10_000 + sum(map(ord, request.node.name)) % 100_000


async def send(sender: Sender, topic: str, count: int, partition: int = 0) -> list[Any]:
    return [await sender.send(topic, b"k", str(i).encode(), partition) for i in range(count)]


async def test_positions_are_consecutive_and_read_back_in_order(log: tuple[Sender, Any, str]) -> None:
    sender, reader, topic = log
    positions = await send(sender, topic, 25)
    assert [position.offset for position in positions] == list(range(25))
    records = [record for batch in reader.read(topic, 0, 0, batch=10) for record in batch]
    assert [(record.offset, record.value) for record in records] == [(i, str(i).encode()) for i in range(25)]
    assert {record.timestamp_ms > 1_600_000_000_000 for record in records} == {True}


async def test_a_range_ends_where_it_is_told(log: tuple[Sender, Any, str]) -> None:
    sender, reader, topic = log
    await send(sender, topic, 20)
    records = [record.offset for batch in reader.read(topic, 0, 5, 12) for record in batch]
    assert records == list(range(5, 12))


async def test_begin_end_and_record_at(log: tuple[Sender, Any, str]) -> None:
    sender, reader, topic = log
    assert reader.begin_end(topic, 1) == (0, 0)
    await send(sender, topic, 3, partition=1)
    assert reader.begin_end(topic, 1) == (0, 3)
    assert reader.record_at(topic, 1, 2).value == b"2"
    assert reader.record_at(topic, 1, 3) is None


async def test_offset_at_a_time(log: tuple[Sender, Any, str]) -> None:
    sender, reader, topic = log
    positions = await send(sender, topic, 3)
    assert reader.offset_at(topic, 0, positions[0].timestamp_ms) == 0
    assert reader.offset_at(topic, 0, -1_800_000) == 0, "before 1970"
    assert reader.offset_at(topic, 0, positions[2].timestamp_ms + 1_000) == 3


async def test_a_record_without_key_or_value_stays_so(log: tuple[Sender, Any, str]) -> None:
    sender, reader, topic = log
    await sender.send(topic, None, b"v", 2)
    await sender.send(topic, b"k", None, 2)
    records = [record for batch in reader.read(topic, 2, 0) for record in batch]
    assert [(record.key, record.value) for record in records] == [(None, b"v"), (b"k", None)]


async def test_the_key_decides_the_partition_by_murmur2(log: tuple[Sender, Any, str]) -> None:
    sender, _, topic = log
    for i in range(50):
        key = f"sku-{i}".encode()
        assert (await sender.send(topic, key, b"v")).partition == partition_of(key, PARTITIONS)


async def test_an_offset_before_the_first_is_refused(log: tuple[Sender, Any, str]) -> None:
    sender, reader, topic = log
    await send(sender, topic, 2)
    with pytest.raises(StateRefused):
        list(reader.read(topic, 0, -5))


async def test_a_tail_sees_what_comes(kafka: str, generation: int) -> None:
    topic = f"clicks.{generation}"
    create_topics(kafka, generation, PARTITIONS)
    producer = Producer(kafka, loop=asyncio.get_running_loop())
    tail = Tail(kafka, {(topic, partition): 0 for partition in range(PARTITIONS)})
    for i in range(30):
        await producer.send(topic, f"k{i}".encode(), str(i).encode())
    seen: set[bytes] = set()
    for _ in range(1_000):
        seen |= {record.value or b"" for record in await asyncio.to_thread(tail.poll, 0.1)}
        if len(seen) == 30:
            break
    assert len(seen) == 30
    tail.close()
    await producer.close()


async def test_a_trace_goes_into_the_log_and_out_again_byte_by_byte(kafka: str, generation: int) -> None:
    """By the door's producer and by a worker's transaction; beside the value, which stays as it was."""
    await asyncio.to_thread(create_topics, kafka, generation, PARTITIONS)
    catalog, contents = f"catalog.{generation}", f"contents.{generation}"
    producer = Producer(kafka, loop=asyncio.get_running_loop())
    with within(Handed(PARENT)):
        await producer.send(catalog, b"k", b"traced", 0)
    await producer.send(catalog, b"k", b"plain", 0)
    await producer.close()
    writer = TransactionalWriter(kafka, "trace", generation, 0, f"trace-{generation}")
    await writer.start()
    await writer.commit([Outgoing(contents, 0, b"k", b"v", PARENT), Outgoing(contents, 0, b"k", b"v")], catalog, 0, 2)
    await writer.close()
    assert await asyncio.to_thread(headers, kafka, catalog) == [(b"traced", PARENT), (b"plain", b"")]
    assert await asyncio.to_thread(headers, kafka, contents) == [(b"v", PARENT), (b"v", b"")]


def headers(kafka: str, topic: str) -> list[tuple[bytes, Any]]:
    """Value and traceparent of the first two records of partition 0, as any client reads them."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "nobody", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    messages = consumer.consume(2, 30.0)
    consumer.close()
    return [(message.value() or b"", dict(message.headers() or ()).get("traceparent", b"")) for message in messages]


@pytest.fixture
def member(kafka: str, generation: int) -> Iterator[Consumer]:
    """A member of the group `stuck` that has read partition 1 of its own topic to the end."""
    create_topics(kafka, generation, PARTITIONS)
    settings = {"bootstrap.servers": kafka, "group.id": f"stuck-{generation}", "enable.auto.commit": False}
    consumer = Consumer(settings)
    consumer.commit(offsets=[TopicPartition(f"catalog.{generation}", 1, 7)], asynchronous=False)
    consumer.subscribe([f"catalog.{generation}"])
    for _ in range(1_000):
        consumer.poll(0.1)
        if consumer.assignment():
            break
    assert consumer.assignment()
    yield consumer
    consumer.close()


async def test_a_group_without_members_is_moved_to_the_earliest_record(
    kafka: str, generation: int, member: Consumer
) -> None:
    group, topic = f"stuck-{generation}", f"catalog.{generation}"
    reader = Reader(kafka)
    assert reader.committed(group, topic, [0, 1]) == {0: -1, 1: 7}
    with pytest.raises(StateRefused, match=f"{group} is in use"):
        reset_group(kafka, group, topic, wait_s=0.0)
    assert reader.committed(group, topic, [0, 1]) == {0: -1, 1: 7}
    member.close()
    assert reset_group(kafka, group, topic, wait_s=30.0) == {0: 0, 1: 0, 2: 0}
    assert reader.committed(group, topic, [0, 1, 2]) == {0: 0, 1: 0, 2: 0}
    reader.close()


def test_a_misspelt_group_or_topic_is_not_made(kafka: str, generation: int) -> None:
    create_topics(kafka, generation, PARTITIONS)
    with pytest.raises(StateRefused, match="no group nobody has read catalog"):
        reset_group(kafka, "nobody", f"catalog.{generation}", wait_s=0.0)
    with pytest.raises(StateRefused, match="there is no topic katalog"):
        reset_group(kafka, "nobody", "katalog", wait_s=0.0)


@pytest.mark.parametrize(
    ("key", "murmur2_signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_the_vectors_of_kafkas_own_tests(key: bytes, murmur2_signed: int) -> None:
    """From org.apache.kafka.common.utils.UtilsTest.testMurmur2 (Apache Kafka)."""
    for partitions in (1, 2, 3, 7, 16, 1_000):
        assert partition_of(key, partitions) == (murmur2_signed & 0x7FFFFFFF) % partitions


async def test_faust_and_librdkafka_put_every_key_where_we_do(kafka: str, generation: int) -> None:
    """Faust's own producers use aiokafka's default partitioner; ours in other processes are librdkafka's."""
    create_topics(kafka, generation, PARTITIONS)
    keys = [f"sku-{number}-ä".encode() for number in range(1_000)]
    wanted = {key: partition_of(key, PARTITIONS) for key in keys}
    partitioner = DefaultPartitioner()
    assert {key: partitioner(key, list(range(PARTITIONS)), list(range(PARTITIONS))) for key in keys} == wanted
    producer = librdkafka.Producer({"bootstrap.servers": kafka, "partitioner": LIBRDKAFKA_NAME})
    placed: dict[bytes, int] = {}

    def note(error: Any, message: Any) -> None:
        assert error is None
        placed[message.key()] = message.partition()

    for key in keys:
        producer.produce(f"catalog.{generation}", b"v", key, on_delivery=note)
    assert producer.flush(30.0) == 0
    assert placed == wanted and set(placed.values()) == set(range(PARTITIONS))
