"""Four replicas as real processes: those that are damaged answer nothing any more, wherever the damage is."""

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from freshet.exit_codes import MISMATCH
from freshet.runtime.ports import free_port
from tests.system.conftest import Stack, http
from tests.system.planting import decided_twice, lost
from tests.waiting import LIMIT_S, wait_until

PRODUCTS = 30
STILL = 10
"""The first products of both shards, in one of which a bit is flipped: a change would put it right again."""
ASKED = 40
"""Questions after the damaged replicas are out: each would be asked in about a quarter of them."""
DAMAGE = {1: ("column", "offers"), 2: ("body", "documents"), 3: ("vector", "documents")}
"""By replica: where the bit is flipped, and the digest that shows it. Replica 0 stays whole."""


@pytest.fixture(scope="module")
def shop(module_stack: Stack) -> Stack:
    """Replica 0 is `shard`; the test starts the others."""
    module_stack.settings("shard")
    for number in DAMAGE:
        module_stack.ports[f"shard-{number}"] = free_port(but_not=module_stack.ports.values())
    names = ("shard", *(f"shard-{number}" for number in DAMAGE))
    addresses = "|".join(f"127.0.0.1:{module_stack.ports[name]}" for name in names)
    module_stack.environ["FRESHET_SHARDS"] = ",".join([addresses] * module_stack.partitions)
    module_stack.start_all(but="session")
    send(module_stack, 0, 0, STILL)
    wait_until(lambda: search(module_stack)["found"] == STILL, LIMIT_S, "the first products are there")
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


def launch(shop: Stack, number: int, **more: str) -> None:
    port = str(shop.ports[f"shard-{number}"])
    its_own = {"FRESHET_REPLICA": str(number), "FRESHET_SHARD_PORT": port, "FRESHET_SCRUB_S": "1"}
    shop.launch("shard", f"shard-{number}", **its_own, **more)


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


def test_one_flipped_bit_takes_a_live_replica_out(shop: Stack) -> None:
    for number, (place, _) in DAMAGE.items():
        launch(shop, number, FRESHET_FAULT=f"flip:{place}:2")
    wait_until(lambda: who_answers(shop, 20) == {0, *DAMAGE}, LIMIT_S, "all replicas answer")
    out_after_s: dict[int, float] = {}
    turn = 0

    def damaged() -> list[dict[str, Any]]:
        nonlocal turn
        turn += 1
        send(shop, turn)
        page = status(shop)
        for one in page.get("faulty", []):
            out_after_s.setdefault(one["replica"], round(time.time() - scrubbed_s(page, one["replica"]), 2))
        found: list[dict[str, Any]] = page.get("faulty", [])
        return found if len(found) == len(DAMAGE) else []

    found = wait_until(damaged, LIMIT_S, "all damage is found")
    print(json.dumps({DAMAGE[number][0]: {"out_after_the_scrub_s": after} for number, after in out_after_s.items()}))
    assert {one["replica"]: one["digests"] for one in found} == {n: [digest] for n, (_, digest) in DAMAGE.items()}
    assert all(one["why"] == "damaged" and one["out"] for one in found)
    out = {(one["partition"], one["replica"]) for one in found}
    answers = [search(shop) for _ in range(ASKED)]
    made_from = {(state["partition"], state["replica"]) for answer in answers for state in answer["made_from"]}
    assert not made_from & out
    assert all(answer["degraded"] == [] and answer["found"] == PRODUCTS for answer in answers)
    assert {hit["content"]["title"] for answer in answers for hit in answer["hits"]} == {
        f"Lamp {n}" for n in range(PRODUCTS)
    }
    wait_until(lambda: all(one["bucket"] is not None for one in status(shop)["faulty"]), LIMIT_S, "buckets are named")
    assert "first_differing_bucket" in shop.log("serving")
    check_audit(shop)
    for number in DAMAGE:
        assert "does not hold what the log says" in shop.log(f"shard-{number}")
        shop.kill(f"shard-{number}")
    launch(shop, 1)
    wait_until(lambda: not status(shop)["faulty"] and who_answers(shop, 5) == {0, 1}, LIMIT_S, "it is back, whole")


def check_audit(shop: Stack) -> None:
    """`freshet audit` recomputes all from the log: each damaged row is named, and what is planted in the log."""
    twice = decided_twice(shop, "lamp-1")
    gone = lost(shop, "lost-1")
    command = [sys.executable, "-m", "freshet", "audit", "--json", "--workers", "1", "--url", shop.url("serving", "")]
    ran = subprocess.run(command, env=os.environ | shop.settings("serving"), capture_output=True, check=False)
    assert ran.returncode == MISMATCH, ran.stderr.decode()
    told = json.loads(ran.stdout)
    assert set(told["records"]) == {"outcomes", "contents", "offers"}
    assert told["events"] == told["records"]["outcomes"] + 1, "of all events but the lost one the outcome is right"
    stale = [one for one in told["findings"] if one["kind"] == "stale"]
    wrong = {tuple(one["where"].split(", ")[1:]) for one in stale}
    assert wrong == {(f"replica {number}", digest) for number, (_, digest) in DAMAGE.items()}
    assert {one["sku"] for one in stale} <= {f"lamp-{n}" for n in range(STILL)}
    others = [(one["kind"], one["sku"], one["event_id"]) for one in told["findings"] if one["kind"] != "stale"]
    missing = ("missing", "lost-1", gone)  # its content and its offer
    assert sorted(others) == [("lost", "lost-1", gone), missing, missing, ("twice", "lamp-1", twice)]


def scrubbed_s(page: dict[str, Any], replica: int) -> float:
    """When the scrub ended that found the damage, in s since 1970."""
    scrubs = [one["scrub"] for one in page["replicas"] if one["state"]["replica"] == replica and one["scrub"]]
    return float(min(one["ended_ms"] for one in scrubs if one["differing"])) / 1000
