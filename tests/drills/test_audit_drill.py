"""`freshet audit` over a million events, with one that is lost, one decided twice and one stale row: a line of JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from agents.partitions import group_of
from encoders.build import repair_bundle
from freshet.exit_codes import MISMATCH
from freshet.runtime.redis_server import EmbeddedRedis
from streams.reader import Reader
from tests.contract.conftest import BUNDLE_FOLDER
from tests.system.conftest import Stack, http, stack_on
from tests.system.planting import decided_twice, lost
from tests.system.sending import Merchant
from tests.waiting import wait_until

EVENTS = int(os.environ.get("DRILL_EVENTS", "1000000"))
PRODUCTS = 2_000
"""Each is embedded once; all other events change price and stock."""
STILL = 10
"""The first ones: a change of the damaged row would put it right again."""
IN_FLIGHT_MAX = 50_000
LIMIT_S = 900.0


@pytest.fixture
def shop(kafka: str, tmp_path: Path) -> Iterator[Stack]:
    redis = EmbeddedRedis(tmp_path / "redis")
    with stack_on(kafka, redis.start(), 1, tmp_path, repair_bundle(BUNDLE_FOLDER)) as made:
        made.start_all(but="session")
        yield made
    redis.stop()


@pytest.mark.drill
@pytest.mark.timeout(2_000)
def test_a_million_events_are_audited_and_what_is_planted_is_named(shop: Stack) -> None:
    merchant = Merchant(shop.kafka, shop.generation)
    send(merchant, range(STILL), "upsert")
    wait_until(lambda: products(shop) == STILL, LIMIT_S, "the first products are there")
    shop.stop("shard")
    shop.start("shard", FRESHET_FAULT="flip:column:1")
    send(merchant, range(STILL, PRODUCTS), "upsert")
    wait_until(lambda: products(shop) == PRODUCTS, LIMIT_S, "all products are there")
    twice, gone = decided_twice(shop, "lamp-1"), lost(shop, "lost-1")
    for number in range(EVENTS - PRODUCTS - 1):
        send(merchant, [STILL + number % (PRODUCTS - STILL)], "patch", number)
        if number % IN_FLIGHT_MAX == 0:
            merchant.flush()
    merchant.flush()
    shop.start("catalog")
    wait_until(lambda: waiting(shop) == 0, LIMIT_S, "all is decided")
    command = [sys.executable, "-m", "freshet", "audit", "--json", "--url", shop.url("serving", "")]
    ran = subprocess.run(command, env=os.environ | shop.settings("serving"), capture_output=True, check=False)
    assert ran.returncode == MISMATCH, ran.stderr.decode()
    told = json.loads(ran.stdout)
    print(json.dumps(told), flush=True)
    assert told["events"] == EVENTS and told["not_compared"] == {}
    found = [(one["kind"], one["sku"], one["event_id"]) for one in told["findings"] if one["kind"] != "stale"]
    missing = ("missing", "lost-1", gone)  # its content and its offer
    assert sorted(found) == [("lost", "lost-1", gone), missing, missing, ("twice", "lamp-1", twice)]
    [stale] = [one for one in told["findings"] if one["kind"] == "stale"]
    assert stale["where"].endswith(", offers") and stale["sku"] in {f"lamp-{number}" for number in range(STILL)}


def send(merchant: Merchant, numbers: Iterable[int], kind: str, turn: int = 0) -> None:
    for number in numbers:
        event = {"type": kind, "sku": f"lamp-{number}", "price": {"amount": turn % 9_000 / 100, "currency": "EUR"}}
        merchant.send(event | {"stock": turn} | ({"title": f"Lamp {number}"} if kind == "upsert" else {}))


def products(shop: Stack) -> int:
    code, answer = http("GET", shop.url("serving", "/v1/status"))
    return int(answer["products"]) if code == 200 else -1


def waiting(shop: Stack) -> int:
    """Events that are not decided yet."""
    reader, topic = Reader(shop.kafka), shop.topic("catalog")
    try:
        done = reader.committed(group_of("catalog", shop.generation), topic, range(shop.partitions))
        return sum(reader.begin_end(topic, number)[1] - max(0, at) for number, at in done.items())
    finally:
        reader.close()
