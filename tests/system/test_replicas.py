"""Two replicas behind one query tier, without Redis: a writer sees its own change, and a replica may die.

Both send their snapshots to one bucket, from which a replica that has lost its disk starts.
"""

import shutil
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bench.s3_server import S3Server, s3_server
from freshet.runtime.ports import free_port
from index_snapshots.shelf import shelves
from index_snapshots.stores import open_store
from schemas.settings import ShardSettings, as_environ
from tests.system.conftest import Stack, http
from tests.waiting import LIMIT_S, wait_until

SECOND = "shard-second"
SEARCH_EVERY_S = 0.01


SEARCH_BUDGET_MS = 5_000
"""So that what is not seen is not there: a change takes its way through three processes, on a machine that is busy."""
SNAPSHOT_EVERY = 40
"""Offsets of `documents`: the first test, which is about what is seen at once, is to have no snapshot."""


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def shop(module_stack: Stack, bucket: S3Server) -> Stack:
    """Two shard processes, a folder for each; Redis is not there, from before the first process starts."""
    stack = module_stack
    stack.redis_url = f"redis://127.0.0.1:{free_port()}/0"
    stack.environ |= as_environ({"search_budget_ms": SEARCH_BUDGET_MS, "snapshot_every_records": SNAPSHOT_EVERY})
    stack.environ |= as_environ(bucket.settings() | {"snapshot_store_check_s": 1.0})
    stack.ports["shard"], stack.ports[SECOND] = free_port(), free_port()
    replicas = f"127.0.0.1:{stack.ports['shard']}|127.0.0.1:{stack.ports[SECOND]}"
    stack.environ["FRESHET_SHARDS"] = ",".join([replicas] * stack.partitions)
    start_second(stack, wait=False)
    for process in ("catalog", "embed", "shard", "serving"):
        stack.launch(process)
    for process in ("catalog", "embed", "shard", "serving"):
        stack.wait_ready(process)
    wait_until(lambda: len(status(stack)["replicas"]) == 2 * stack.partitions, LIMIT_S, "both replicas are seen")
    return stack


def start_second(stack: Stack, wait: bool = True) -> None:
    folder = stack.data / "second"
    folder.mkdir(exist_ok=True)
    extra = as_environ({"replica": 1, "shard_port": stack.ports[SECOND], "data": folder})
    stack.launch("shard", SECOND, **extra)
    if wait:
        wait_until(
            lambda: http("GET", f"http://127.0.0.1:{stack.ports[SECOND]}/readyz")[0] == 200, LIMIT_S, "it is ready"
        )


def status(shop: Stack) -> dict[str, Any]:
    found: dict[str, Any] = http("GET", shop.url("serving", "/v1/status"))[1]
    return found


def write(shop: Stack, sku: str, title: str) -> str:
    event = {"type": "upsert", "sku": sku, "title": title, "price": {"amount": 1.0, "currency": "EUR"}}
    code, answer = http("POST", shop.url("serving", "/v1/catalog"), event)
    assert code == 202, answer
    event_id: str = answer["events"][0]["event_id"]
    return event_id


def search(shop: Stack, **asked: Any) -> dict[str, Any]:
    code, answer = http("POST", shop.url("serving", "/v1/search"), asked)
    assert code == 200, answer
    found: dict[str, Any] = answer
    return found


def test_a_writer_sees_its_own_change_at_once_on_whichever_replica(shop: Stack) -> None:
    replicas = set()
    for number in range(20):
        event_id = write(shop, f"own-{number}", f"A brass bell number {number}")
        answer = search(shop, text=f"brass bell number {number}", limit=50, at_least=[event_id])
        assert answer["degraded"] == []
        assert f"own-{number}" in {hit["sku"] for hit in answer["hits"]}
        by_words = search(shop, text=f"bell {number}", limit=50, mode="words", at_least=[event_id])
        assert by_words["degraded"] == []
        assert f"own-{number}" in {hit["sku"] for hit in by_words["hits"]}
        replicas |= {made["replica"] for made in answer["made_from"]}
        again = search(shop, text="brass bell", at_least=answer["read_token"])
        assert again["degraded"] == []
        before = {made["partition"]: made for made in answer["made_from"]}
        for made in again["made_from"]:
            assert made["documents_offset"] >= before[made["partition"]]["documents_offset"]
            assert made["offers_offset"] >= before[made["partition"]]["offers_offset"]
        replicas |= {made["replica"] for made in again["made_from"]}

    def both() -> bool:
        replicas.update(made["replica"] for made in search(shop, text="brass bell")["made_from"])
        return replicas == {0, 1}

    wait_until(both, LIMIT_S, "both replicas answer")  # a slower one is asked more rarely


def whole_log(shop: Stack, name: str) -> str:
    return (shop.data / "logs" / f"{name}.log").read_text(errors="replace")


def test_both_send_to_one_bucket_and_neither_disturbs_the_other(shop: Stack, bucket: S3Server) -> None:
    store = open_store(ShardSettings.model_validate(bucket.settings()), {})

    def stored() -> int:
        return sum(log.count('"snapshot stored"') for log in (whole_log(shop, "shard"), whole_log(shop, SECOND)))

    for number in range(3 * SNAPSHOT_EVERY):
        write(shop, f"stored-{number}", f"A stored lamp {number}")
    wait_until(lambda: len(shelves(store)) == shop.partitions, LIMIT_S, "a snapshot of each shard is there")
    wait_until(lambda: stored() >= 2 * shop.partitions, LIMIT_S, "both have sent what the other may have sent before")

    def damages() -> list[str]:
        looks = [shelf.look(name, every_byte=True) for shelf in shelves(store) for name in shelf.manifests()]
        return [damage for look in looks for damage in look.damages]

    wait_until(lambda: not damages(), LIMIT_S, "all that is there is whole (one that is just being pruned is not)")
    assert "snapshot mended" not in whole_log(shop, "shard") + whole_log(shop, SECOND)
    assert "snapshot not stored" not in whole_log(shop, "shard") + whole_log(shop, SECOND)


def test_while_one_replica_dies_or_hangs_every_search_is_answered_in_full(shop: Stack) -> None:
    write(shop, "steady", "A steady lamp")
    answers: list[tuple[int, Any]] = []
    stop = threading.Event()

    def keep_searching() -> None:
        while not stop.wait(SEARCH_EVERY_S):
            answers.append(http("POST", shop.url("serving", "/v1/search"), {"text": "lamp", "filters": {}}))

    searching = threading.Thread(target=keep_searching)
    searching.start()
    try:
        time.sleep(0.3)
        second = shop.processes[SECOND]
        second.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        second.kill()
        second.wait()
        shutil.rmtree(shop.data / "second")
        time.sleep(0.5)
        start_second(shop)
        wait_until(lambda: not status(shop)["unreachable"], LIMIT_S, "the second replica is seen again")
        first = shop.processes["shard"]
        first.kill()
        first.wait()
        time.sleep(1.0)
    finally:
        stop.set()
        searching.join()
    assert whole_log(shop, SECOND).count('"snapshot fetched"') == shop.partitions, "it has lost its disk"
    assert len(answers) > 50
    assert {code for code, _ in answers} == {200}
    assert [answer["degraded"] for _, answer in answers if answer["degraded"]] == []


def test_a_second_process_on_the_folder_of_a_replica_leaves_and_names_what_is_there(shop: Stack) -> None:
    """C8. That it would not without the lock is among the tests of the agents."""
    same = {"replica": 1, "data": shop.data / "second", "shard_port": free_port()}
    twin = shop.launch("shard", "twin", **as_environ(same))
    assert twin.wait(LIMIT_S) != 0
    assert "another process owns the shard folder" in shop.log("twin")
    assert search(shop, text="lamp")["degraded"] == []


def test_redis_was_not_there_all_the_time(shop: Stack) -> None:
    assert status(shop)["redis"] is False
