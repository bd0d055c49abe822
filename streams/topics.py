"""Creates Freshet's topics, names the cluster that holds them, and moves consumer groups."""

import time
from dataclasses import dataclass

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.errors import StateRefused, Unavailable
from schemas.topics import TOPICS, topic_name
from streams.reader import Reader

ADMIN_TIMEOUT_S = 15.0
ALREADY_EXISTS = "TOPIC_ALREADY_EXISTS"
GROUP_EMPTY_WAIT_S = 30.0
"""A worker that died is a member until its session ends (10 s); one that keeps dying is away for 15 s at a time."""
LOOK_EVERY_S = 0.25


@dataclass(frozen=True)
class TopicState:
    name: str
    partitions: int
    created: bool


@dataclass(frozen=True)
class Cluster:
    cluster_id: str
    topic_ids: dict[str, str]
    """By base name (`catalog`, not `catalog.2`)."""


@dataclass(frozen=True)
class Place:
    """Of one topic."""

    cluster_id: str
    partitions: int
    """0: there is no such topic."""


def admin(kafka: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka, "socket.timeout.ms": int(ADMIN_TIMEOUT_S * 1000), "log_level": 2})


def place_of(kafka: str, name: str) -> Place:
    """Raises Unavailable."""
    cluster_id, counts = _listed(kafka)
    return Place(cluster_id, counts.get(name, 0))


def partition_counts(kafka: str, generation: int) -> dict[str, int]:
    """Partitions of each existing Freshet topic, by base name. Raises Unavailable."""
    names = {topic_name(topic.name, generation): topic.name for topic in TOPICS}
    return {names[name]: count for name, count in _listed(kafka)[1].items() if name in names}


def _listed(kafka: str) -> tuple[str, dict[str, int]]:
    """Id of the cluster, and how many partitions each of its topics has."""
    try:
        found = admin(kafka).list_topics(timeout=ADMIN_TIMEOUT_S)
        return str(found.cluster_id), {name: len(state.partitions) for name, state in found.topics.items()}
    except KafkaException as error:
        raise Unavailable(
            f"Kafka at {kafka} does not answer: {error}", hint="is it running? see freshet status"
        ) from error


def create_topics(kafka: str, generation: int, partitions: int, replication_factor: int = 1) -> list[TopicState]:
    """Creates what is missing and leaves the rest as it is.

    Raises StateRefused when a topic exists with another number of partitions (it is fixed for a generation), and
    Unavailable when Kafka does not answer.
    """
    before = partition_counts(kafka, generation)
    wanted = {topic.name: partitions if topic.per == "sku" else 1 for topic in TOPICS}
    for name, count in before.items():
        if count != wanted[name]:
            raise StateRefused(
                f"topic {topic_name(name, generation)} has {count} partitions, the settings say {wanted[name]}",
                hint=f"set FRESHET_PARTITIONS={before.get('catalog', count)}; the number is fixed for a generation",
            )
    missing = [
        NewTopic(topic_name(topic.name, generation), wanted[topic.name], replication_factor, config=topic.config())
        for topic in TOPICS
        if topic.name not in before
    ]
    if missing:
        client = admin(kafka)  # kept: its futures fail when it is collected
        for name, future in client.create_topics(missing, operation_timeout=ADMIN_TIMEOUT_S).items():
            try:
                future.result()
            except KafkaException as error:
                if error.args[0].name() != ALREADY_EXISTS:  # somebody else was quicker
                    raise Unavailable(f"cannot create the topic {name}: {error}") from error
    return [
        TopicState(topic_name(topic.name, generation), wanted[topic.name], topic.name not in before) for topic in TOPICS
    ]


def describe_cluster(kafka: str, generation: int) -> Cluster:
    """Ids that tell whether stored offsets belong to this cluster and these very topics. Raises Unavailable."""
    client = admin(kafka)
    names = {topic_name(topic.name, generation): topic.name for topic in TOPICS}
    try:
        cluster = client.describe_cluster(request_timeout=ADMIN_TIMEOUT_S).result()
        described = client.describe_topics(TopicCollection(list(names)), request_timeout=ADMIN_TIMEOUT_S)
        return Cluster(
            str(cluster.cluster_id),
            {names[name]: str(future.result().topic_id) for name, future in described.items()},
        )
    except KafkaException as error:
        raise Unavailable(
            f"Kafka at {kafka} does not describe its topics: {error}", hint="run: freshet topics create"
        ) from error


def reset_group(kafka: str, group: str, topic: str, wait_s: float) -> dict[int, int]:
    """Makes the group read the topic from the earliest records that are kept; returns these offsets by partition.

    Waits at most `wait_s` until the group has no members. Raises StateRefused when it still has some then, when it has
    never read the topic, or when there is no such topic; Unavailable when Kafka does not answer.
    """
    client = admin(kafka)
    try:
        found = client.list_topics(timeout=ADMIN_TIMEOUT_S).topics
        if topic not in found:
            raise StateRefused(f"there is no topic {topic}", hint="freshet topics ls shows those there are")
        offsets = _earliest(kafka, group, topic, sorted(found[topic].partitions))
        _wait_until_empty(client, group, wait_s)
        wanted = [TopicPartition(topic, number, offset) for number, offset in offsets.items()]
        asked = client.alter_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group, wanted)], request_timeout=ADMIN_TIMEOUT_S
        )
        for part in asked[group].result().topic_partitions:
            if part.error:
                raise KafkaException(part.error)
        return offsets
    except KafkaException as error:
        raise Unavailable(f"Kafka at {kafka} does not move the group {group}: {error}") from error


def _earliest(kafka: str, group: str, topic: str, partitions: list[int]) -> dict[int, int]:
    reader = Reader(kafka)
    try:
        if max(reader.committed(group, topic, partitions).values()) < 0:
            raise StateRefused(f"no group {group} has read {topic}", hint="its name is freshet-AGENT-GENERATION")
        return {partition: reader.begin_end(topic, partition)[0] for partition in partitions}
    finally:
        reader.close()


def _wait_until_empty(client: AdminClient, group: str, wait_s: float) -> None:
    deadline_s = time.monotonic() + wait_s
    while True:
        members = client.describe_consumer_groups([group], request_timeout=ADMIN_TIMEOUT_S)[group].result().members
        if not members:
            return
        if time.monotonic() >= deadline_s:
            names = ", ".join(sorted(str(member.group_instance_id or member.client_id) for member in members))
            raise StateRefused(f"the group {group} is in use by {names}", hint="stop these workers, then run it again")
        time.sleep(LOOK_EVERY_S)
