"""Plants in a real log what never happens by itself: an event that is lost, and one that is decided twice."""

import socket
import struct

from confluent_kafka import Consumer, KafkaException, TopicPartition

from agents.partitions import group_of
from schemas.records import EventId, Outcome, decode
from streams.topics import admin
from tests.system.conftest import Stack
from tests.system.sending import Merchant
from tests.waiting import LIMIT_S, wait_until

API_LEAVE_GROUP = 13


def decided_twice(shop: Stack, sku: str) -> str:
    """The outcome of an event of the product is written again; the event."""
    mine = f'"sku":"{sku}"'.encode()
    [key, value] = next(record for record in shop.values("outcomes") if mine in (record[1] or b""))
    outcomes = Merchant(shop.kafka, shop.generation, "outcomes")
    event_id = decode(Outcome, value or b"").event_id
    outcomes.send_raw(key, value, EventId.parse(event_id).partition)
    outcomes.flush()
    return event_id


def lost(shop: Stack, sku: str) -> str:
    """`catalog`, which is stopped and left so, will pass the event over: its group stands behind it; the event."""
    shop.stop("catalog")
    merchant = Merchant(shop.kafka, shop.generation)
    merchant.send({"type": "upsert", "sku": sku, "title": "Lamp"})
    [event_id] = merchant.flush()
    group = group_of("catalog", shop.generation)
    remove_members(shop.kafka, group)
    consumer = Consumer({"bootstrap.servers": shop.kafka, "group.id": group, "enable.auto.commit": False})
    _, partition, offset = EventId.parse(event_id)
    place = TopicPartition(shop.topic("catalog"), partition, offset + 1)

    def committed() -> bool:
        """Refused as long as the group still has its member."""
        try:
            consumer.commit(offsets=[place], asynchronous=False)
        except KafkaException:
            return False
        return True

    wait_until(committed, LIMIT_S, "the group stands behind the event")
    consumer.close()
    return event_id


def remove_members(kafka: str, group: str) -> None:
    """At once those that have ended; a member with a fixed name stays else until its session is over, ten seconds."""
    client = admin(kafka)  # a name of its own: what nobody holds answers nothing
    described = client.describe_consumer_groups([group])[group].result(LIMIT_S)
    host, _, port = kafka.rpartition(":")
    for member in described.members:
        words = b"".join(struct.pack(">h", len(word)) + word for word in (group.encode(), member.member_id.encode()))
        request = struct.pack(">hhih", API_LEAVE_GROUP, 0, 1, -1) + words
        with socket.create_connection((host, int(port)), LIMIT_S) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(10, socket.MSG_WAITALL)
        assert answer[8:] == b"\0\0", f"{member.member_id} is still a member: {answer!r}"
