"""`freshet audit` over a million events, with one that is lost, one decided twice and one stale row: a line of JSON.

What `catalog` would write is written by its rules, without it: it would take five minutes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from agents.catalog import decide_batch
from agents.decide import SkuState
from agents.faults import Faults
from agents.partitions import group_of
from agents.topics import Topics
from encoders.build import repair_bundle
from freshet.exit_codes import MISMATCH
from freshet.runtime.redis_server import EmbeddedRedis
from schemas.topics import topic_name
from streams.partitioner import partition_of
from streams.reader import Reader
from tests.contract.conftest import BUNDLE_FOLDER
from tests.system.conftest import Stack, http, stack_on
from tests.system.sending import Merchant
from tests.waiting import wait_until

EVENTS = int(os.environ.get("DRILL_EVENTS", "1000000"))
PRODUCTS = 2_000
"""Each is embedded once; all other events change price and stock."""
STILL = 10
"""The first ones: a change of the damaged row would put it right again."""
LOST, TWICE, LAST = b"lost-1", b"lamp-1", b"last-1"
IN_FLIGHT_MAX = 50_000
LIMIT_S = 300.0


@pytest.fixture
def shop(kafka: str, tmp_path: Path) -> Iterator[Stack]:
    redis = EmbeddedRedis(tmp_path / "redis")
    with stack_on(kafka, redis.start(), 1, tmp_path, repair_bundle(BUNDLE_FOLDER)) as made:
        yield made
    redis.stop()


@pytest.mark.drill
@pytest.mark.timeout(1_200)
def test_a_million_events_are_audited_and_what_is_planted_is_named(shop: Stack) -> None:
    partitions = range(shop.partitions)
    with ProcessPoolExecutor(shop.partitions, mp_context=get_context("spawn")) as pool:
        ends = list(pool.map(partial(fill, shop.kafka, shop.generation, shop.partitions), partitions))
    shop.start("embed")
    wait_until(lambda: waiting(shop) == 0, LIMIT_S, "all is embedded")
    shop.start("shard", FRESHET_FAULT="flip:column:1")
    shop.start("serving")
    wait_until(lambda: products(shop) == PRODUCTS, LIMIT_S, "all products are there")
    merchant = Merchant(shop.kafka, shop.generation)
    merchant.send({"type": "upsert", "sku": LAST.decode(), "title": "Lamp"})
    merchant.flush()
    for number in partitions:
        decide_all(shop.kafka, shop.generation, shop.partitions, number, ends[number])
    wait_until(lambda: products(shop) == PRODUCTS + 1, LIMIT_S, "the last product is there, and a bit is flipped")
    command = [sys.executable, "-m", "freshet", "audit", "--json", "--url", shop.url("serving", "")]
    ran = subprocess.run(command, env=os.environ | shop.settings("serving"), capture_output=True, check=False)
    assert ran.returncode == MISMATCH, ran.stderr.decode()
    told = json.loads(ran.stdout)
    print(json.dumps(told), flush=True)
    assert told["events"] == EVENTS and told["not_compared"] == {}
    found = sorted((one["kind"], one["sku"]) for one in told["findings"] if one["kind"] != "stale")
    missing = ("missing", LOST.decode())  # its content and its offer
    assert found == [("lost", LOST.decode()), missing, missing, ("twice", TWICE.decode())]
    [stale] = [one for one in told["findings"] if one["kind"] == "stale"]
    assert stale["where"].endswith(", offers") and stale["sku"] in {f"lamp-{number}" for number in range(STILL)}


def events() -> Iterator[dict[str, Any]]:
    """All but the last."""
    for number in range(PRODUCTS):
        yield {"type": "upsert", "sku": f"lamp-{number}", "title": f"Lamp {number}", **offer(number)}
    yield {"type": "upsert", "sku": LOST.decode(), "title": "Lamp"}
    for turn in range(EVENTS - PRODUCTS - 2):
        yield {"type": "patch", "sku": f"lamp-{STILL + turn % (PRODUCTS - STILL)}", **offer(turn)}


def offer(turn: int) -> dict[str, Any]:
    return {"price": {"amount": turn % 9_000 / 100, "currency": "EUR"}, "stock": turn}


def fill(kafka: str, generation: int, partitions: int, partition: int) -> int:
    """Sends the events of one partition, and writes what `catalog` would; where they end."""
    producer, topic = Producer({"bootstrap.servers": kafka}), topic_name("catalog", generation)
    skus = (f"lamp-{number}" for number in range(PRODUCTS))
    mine = {sku for sku in (*skus, LOST.decode()) if partition_of(sku.encode(), partitions) == partition}
    for number, event in enumerate(one for one in events() if one["sku"] in mine):
        producer.produce(topic, orjson.dumps(event), event["sku"].encode(), partition)
        if number % IN_FLIGHT_MAX == 0:
            producer.flush()
    producer.flush()
    return decide_all(kafka, generation, partitions, partition)


def decide_all(kafka: str, generation: int, partitions: int, partition: int, begin: int = 0) -> int:
    """Writes what `catalog` would for the events from `begin` on, but for what is planted; where they end."""
    topics, reader, producer = Topics(generation, partitions), Reader(kafka), Producer({"bootstrap.servers": kafka})
    topic, outcomes = topics.name("catalog"), topics.name("outcomes")
    _, end = reader.begin_end(topic, partition)
    states: dict[str, SkuState | None] = {}
    for records in reader.read(topic, partition, begin, end):
        kept = [record for record in records if record.key != LOST]
        for one in decide_batch(kept, lambda _: None, topics, Faults(), states).outgoing:
            planted = one.topic == outcomes and b'"sku":"%b"' % TWICE in (one.value or b"")
            for _ in range(2 if planted else 1):
                producer.produce(one.topic, one.value, one.key, one.partition)
        producer.flush()
    group = Consumer({"bootstrap.servers": kafka, "group.id": group_of("catalog", generation)})
    group.commit(offsets=[TopicPartition(topic, partition, end)], asynchronous=False)
    group.close()
    reader.close()
    return end


def products(shop: Stack) -> int:
    code, answer = http("GET", shop.url("serving", "/v1/status"))
    return int(answer["products"]) if code == 200 else -1


def waiting(shop: Stack) -> int:
    """Contents that `embed` has not come to."""
    reader, topic = Reader(shop.kafka), shop.topic("contents")
    try:
        done = reader.committed(group_of("embed", shop.generation), topic, range(shop.partitions))
        return sum(reader.begin_end(topic, number)[1] - max(0, at) for number, at in done.items())
    finally:
        reader.close()
