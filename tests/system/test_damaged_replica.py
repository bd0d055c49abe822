"""Two replicas as real processes: one that is damaged answers nothing any more, wherever the damage is."""

import json
import time
from typing import Any

import pytest

from freshet.runtime.ports import free_port
from tests.system.conftest import Stack, http, wait_until

FOUND_S = 20.0
PRODUCTS = 30
STILL = 10
"""The first products of both shards, in one of which a bit is flipped: a change would put it right again."""
ASKED = 40
"""Questions after the damaged replica is out: of two replicas one would be asked in about half of them."""


@pytest.fixture(scope="module")
def shop(module_stack: Stack) -> Stack:
    """Replica 0 is `shard`, the other one is started by each test."""
    module_stack.settings("shard")
    module_stack.ports["shard-1"] = free_port(but_not=module_stack.ports.values())
    addresses = "|".join(f"127.0.0.1:{module_stack.ports[name]}" for name in ("shard", "shard-1"))
    module_stack.environ["FRESHET_SHARDS"] = ",".join([addresses] * module_stack.partitions)
    module_stack.start_all()
    send(module_stack, 0, 0, STILL)
    wait_until(lambda: search(module_stack)["found"] == STILL, FOUND_S, "the first products are there")
    send(module_stack, 0)
    return module_stack


def send(shop: Stack, turn: int, first: int = STILL, end: int = PRODUCTS) -> None:
    """One change of products `first` .. `end` - 1; the first time they are new."""
    events = [
        {"type": "upsert", "sku": f"lamp-{n}", "title": f"Lamp {n}", "price": {"amount": 3.0 + n, "currency": "EUR"}}
        | {"stock": turn}
        for n in range(first, end)
    ]
    assert http("POST", shop.url("serving", "/v1/catalog"), {"events": events})[0] == 202


def start_other(shop: Stack, **more: str) -> None:
    if "shard-1" in shop.processes:  # of a test that failed
        shop.kill("shard-1")
    port = str(shop.ports["shard-1"])
    shop.launch("shard", "shard-1", FRESHET_REPLICA="1", FRESHET_SHARD_PORT=port, FRESHET_SCRUB_S="1", **more)
    wait_until(lambda: http("GET", f"http://127.0.0.1:{port}/readyz")[0] == 200, FOUND_S, "the other replica is ready")


def status(shop: Stack) -> dict[str, Any]:
    code, answer = http("GET", shop.url("serving", "/v1/status"))
    return answer if code == 200 else {}


def search(shop: Stack) -> dict[str, Any]:
    code, answer = http("POST", shop.url("serving", "/v1/search"), {"text": "a lamp", "limit": PRODUCTS})
    assert code == 200
    found: dict[str, Any] = answer
    return found


def who_answers(shop: Stack, times: int) -> set[int]:
    return {state["replica"] for _ in range(times) for state in search(shop)["made_from"]}


@pytest.mark.parametrize(("place", "digest"), [("column", "offers"), ("body", "documents"), ("vector", "documents")])
def test_one_flipped_bit_takes_a_live_replica_out(shop: Stack, place: str, digest: str) -> None:
    start_other(shop, FRESHET_FAULT=f"flip:{place}:2")
    wait_until(lambda: who_answers(shop, 5) == {0, 1}, FOUND_S, "both replicas answer")
    turn = 0

    def damaged() -> list[dict[str, Any]]:
        nonlocal turn
        turn += 1
        send(shop, turn)
        found: list[dict[str, Any]] = status(shop).get("faulty", [])
        return found

    (found,) = wait_until(damaged, FOUND_S, "the damage is found")
    seen_ms = time.time() * 1000
    assert (found["replica"], found["why"], found["digests"], found["out"]) == (1, "damaged", [digest], True)
    scrubbed_ms = next(one["scrub"]["ended_ms"] for one in status(shop)["replicas"] if one["state"]["replica"] == 1)
    print(json.dumps({"flipped": place, "out_after_the_scrub_s": round((seen_ms - scrubbed_ms) / 1000, 2)}))
    answers = [search(shop) for _ in range(ASKED)]
    states = [state for answer in answers for state in answer["made_from"]]
    assert {state["replica"] for state in states if state["partition"] == found["partition"]} == {0}
    assert all(answer["degraded"] == [] and answer["found"] == PRODUCTS for answer in answers)
    assert {hit["content"]["title"] for answer in answers for hit in answer["hits"]} == {
        f"Lamp {n}" for n in range(PRODUCTS)
    }
    bucket = wait_until(lambda: status(shop)["faulty"][0]["bucket"] is not None, FOUND_S, "the bucket is named")
    assert bucket
    assert "first_differing_bucket" in shop.log("serving") and "does not hold what the log says" in shop.log("shard-1")
    shop.kill("shard-1")
    start_other(shop)
    wait_until(lambda: not status(shop)["faulty"] and who_answers(shop, 5) == {0, 1}, FOUND_S, "it is back, whole")
    shop.kill("shard-1")
