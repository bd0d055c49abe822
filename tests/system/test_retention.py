"""A9: who comes back after the log was deleted further than it had read says so and names the command; it never skips.

Kafka deletes by age in `catalog` and `clicks`, which groups read; what shards read is compacted instead, and their own
check (`index_snapshots.restore.check_log`) is among the tests of snapshots.
"""

import asyncio
import os
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition
from faust.types import TP
from structlog.testing import capture_logs

from agents import worker
from agents.faults import Faults
from agents.partitions import Partitions, group_of
from schemas.errors import StateRefused
from schemas.metrics import Metrics
from schemas.topics import topic_name
from streams.producer import Producer
from streams.topics import admin, create_topics
from tests.waiting import LIMIT_S

READ = 3
DELETED = 7
WRITTEN = 10


@pytest.fixture
def generation(kafka: str, generations: Iterator[int]) -> int:
    """Topics of one partition; of `catalog` the first records are deleted."""
    number = next(generations)
    create_topics(kafka, number, 1)
    topic = topic_name("catalog", number)

    async def fill() -> None:
        producer = Producer(kafka, loop=asyncio.get_running_loop())
        for at in range(WRITTEN):
            await producer.send(topic, str(at).encode(), b"{}", 0)
        await producer.close()

    asyncio.run(fill())
    client = admin(kafka)  # kept: its futures fail when it is collected
    for future in client.delete_records([TopicPartition(topic, 0, DELETED)]).values():
        future.result(LIMIT_S)
    return number


def partitions_at(kafka: str, generation: int, position: int) -> Partitions:
    """Of a worker that has committed `position` in its input."""
    topic, group = topic_name("catalog", generation), group_of("catalog", generation)
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": group, "enable.auto.commit": False})
    consumer.commit(offsets=[TopicPartition(topic, 0, position)], asynchronous=False)
    consumer.close()

    async def nothing(partition: int) -> None:
        """There is nothing to bring up to date."""

    return Partitions(kafka, "catalog", generation, topic, nothing, Metrics(), Faults().step)


async def test_a_worker_behind_what_is_kept_stops_and_names_the_command(kafka: str, generation: int) -> None:
    partitions = partitions_at(kafka, generation, READ)
    with pytest.raises(StateRefused, match=f"{DELETED - READ} offsets were deleted unread") as refused:
        await partitions.starting_offsets({TP(topic_name("catalog", generation), 0)})
    assert "freshet import" in refused.value.hint and "freshet topics reset" in refused.value.hint


async def test_one_that_is_exactly_where_the_log_begins_goes_on(kafka: str, generation: int) -> None:
    place = TP(topic_name("catalog", generation), 0)
    partitions = partitions_at(kafka, generation, DELETED)
    assert await partitions.starting_offsets({place}) == {place: DELETED}
    await partitions.starting_offsets(set())  # hands it over
    with pytest.raises(StateRefused, match="1 offsets were deleted unread"):
        await partitions_at(kafka, generation, DELETED - 1).starting_offsets({place})


async def test_records_that_vanish_while_it_reads_stop_it_too(kafka: str, generation: int) -> None:
    partitions = partitions_at(kafka, generation, DELETED)
    await partitions.starting_offsets({TP(topic_name("catalog", generation), 0)})
    partitions.next_offsets[0] = READ
    with pytest.raises(StateRefused, match="deleted unread"):
        await partitions.check_gap(0, DELETED)
    await partitions.starting_offsets(set())


def test_a_plain_consumer_skips_them_without_a_word(kafka: str, generation: int) -> None:
    """The negative control: what all of the above guards against."""
    topic = topic_name("catalog", generation)
    settings = {"bootstrap.servers": kafka, "group.id": "plain", "auto.offset.reset": "earliest", "log_level": 2}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(topic, 0, READ)])
    message = consumer.poll(LIMIT_S)
    assert message is not None and message.error() is None and message.offset() == DELETED
    consumer.close()


def test_the_log_of_a_worker_that_stops_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with capture_logs() as lines:
        worker.fail_stop("agents.catalog", StateRefused("deleted unread", hint="freshet topics reset"))
    assert ended == [worker.EXIT_FAIL_STOP] and lines[0]["hint"] == "freshet topics reset"
