"""Workers that die, hang, come back late or raise, at every step: nothing is lost, nothing is done twice."""

import itertools
import os
import random
import shutil
import signal
from collections import Counter

from agents.worker import EXIT_FAIL_STOP
from bench.recovery import SKUS_PER_TRANSACTION
from bench.recovery import run as bench_recovery
from freshet.runtime.ports import free_port, is_free
from streams.reader import Reader
from streams.topics import admin
from tests.system.compaction import compact_at_once
from tests.system.conftest import Stack, http
from tests.system.model import check_all, check_conservation, check_monotonic, check_newest, settle, truth, unread
from tests.system.sending import Merchant, Stream, mixed_events
from tests.waiting import LIMIT_S, wait_until

STEPS = (1, 2, 3, 4, 5)
"""1: nothing written; 2: records sent; 3: all but the commit; 4: committed; 5: the store knows."""
SMALL_BATCHES = {"FRESHET_CATALOG_BATCH_MAX": "8", "FRESHET_EMBED_BATCH_MAX": "3", "FRESHET_ENGINE": "onnxruntime"}


def send_mixed(merchant: Merchant, seed: int, count: int, skus: int = 12) -> list[str]:
    """Returns the ids of all events that the merchant sent so far."""
    for key, value in itertools.islice(mixed_events(random.Random(seed), skus), count):
        merchant.send_raw(key, value)
    return merchant.flush()


def wait_for_exit(stack: Stack, name: str) -> int:
    child = stack.processes[name]
    wait_until(lambda: child.poll() is not None, LIMIT_S, f"{name} leaves\n{stack.log(name)}")
    del stack.processes[name]
    assert child.returncode is not None
    return child.returncode


def launch_peer(stack: Stack, name: str) -> int:
    """One more `catalog` worker; returns its port."""
    port = free_port()
    stack.launch("catalog", name, FRESHET_CATALOG_WORKER=name, FRESHET_CATALOG_PORT=str(port))
    return port


def owned(port: int) -> set[str]:
    """Partitions that the worker on this port works on."""
    status, facts = http("GET", f"http://127.0.0.1:{port}/healthz")
    return set(facts["next_offsets"]) if status == 200 else set()


def some_outcomes(stack: Stack) -> bool:
    return len(stack.values("outcomes")) > 0


def is_stopped(pid: int) -> bool:
    """Whether the child was stopped since it was last asked (its end is left for `Popen.poll`)."""
    return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None


def test_a_crash_between_any_two_steps_loses_nothing_and_repeats_nothing(stack: Stack) -> None:
    """Each life of both workers ends one step later, always in its second transaction."""
    merchant = Merchant(stack.kafka, stack.generation)
    stack.launch("catalog")
    send_mixed(merchant, 0, 200)  # leaves `embed` more to do than all its lives can
    settle(stack, "catalog")
    stack.stop("catalog")
    for step in STEPS:
        fault = {"FRESHET_FAULT": f"kill:catalog.{step}:2,kill:embed.{step}:2"}
        stack.launch("catalog", **SMALL_BATCHES, **fault)
        stack.launch("embed", **SMALL_BATCHES, **fault)
        send_mixed(merchant, step, 40)
        assert wait_for_exit(stack, "catalog") == -signal.SIGKILL, f"at step {step}"
        assert wait_for_exit(stack, "embed") == -signal.SIGKILL, f"at step {step}"
    stack.launch("catalog")
    stack.launch("embed", FRESHET_ENGINE="onnxruntime")
    acked = send_mixed(merchant, 6, 40)
    settle(stack)
    check_all(stack, acked)


def test_a_handler_that_raises_costs_its_own_event_and_no_other(stack: Stack) -> None:
    stack.launch("embed", FRESHET_FAULT="raise:embed:7", FRESHET_ENGINE="onnxruntime")
    stack.launch("catalog", FRESHET_FAULT="raise:catalog:100")
    merchant = Merchant(stack.kafka, stack.generation)
    for number in range(250):
        merchant.send({"type": "upsert", "sku": f"S-{number}", "title": f"Lamp {number}"})
    acked = merchant.flush()
    settle(stack)
    outcomes = stack.outcomes()
    assert set(outcomes) == set(acked)
    raised = Counter((outcome.by, outcome.outcome, outcome.reason) for outcome in outcomes.values())
    assert raised["catalog", "dead-lettered", "unexpected"] == 2
    assert raised["embed", "dead-lettered", "encoder_refused"] > 0
    assert len(stack.dead_letters()) == raised.total() - raised["catalog", "indexed", ""]
    indexed = {outcome.sku for outcome in outcomes.values() if outcome.outcome == "indexed"}
    assert {key.decode() for key, _ in stack.values("documents")} == indexed
    replay_all(stack, merchant)


def replay_all(stack: Stack, merchant: Merchant) -> None:
    """Sends every dead letter again, as `freshet dlq replay` does, to workers that do not raise."""
    stack.stop("catalog")
    stack.stop("embed")
    for letter in stack.dead_letters().values():
        number = letter.original()[0].decode().removeprefix("S-")
        event = {"type": "upsert", "sku": f"S-{number}", "title": f"Lamp {number}", "replay_of": letter.event_id}
        merchant.send(event)
    merchant.flush()
    stack.launch("catalog")
    stack.launch("embed", FRESHET_ENGINE="onnxruntime")
    settle(stack)
    assert len({key for key, _ in stack.values("documents")}) == 250


def test_a_worker_that_wakes_up_late_writes_nothing_even_where_its_records_were_compacted_away(stack: Stack) -> None:
    """A3: stopped for longer than its session, its partitions taken over, their topics compacted, then continued.

    It is stopped between deciding and writing: no transaction of its own is open that could have timed out meanwhile.
    """
    compact_at_once(stack.kafka, [stack.topic("contents"), stack.topic("offers")])
    merchant = Merchant(stack.kafka, stack.generation)
    send_mixed(merchant, 1, 3_000)
    stack.launch("catalog", FRESHET_CATALOG_BATCH_MAX="4", FRESHET_FAULT="stop:catalog.1:9")
    wait_until(lambda: is_stopped(stack.processes["catalog"].pid), LIMIT_S, "the first worker stops itself")
    its_own = set(stack.values("offers"))
    launch_peer(stack, "catalog-1")
    reader = Reader(stack.kafka)
    wait_until(lambda: unread(stack, reader, "catalog") == 0, LIMIT_S, "its peer has done the rest")
    acked = send_mixed(merchant, 2, 200)
    settle(stack, "catalog")
    wait_until(lambda: not its_own & set(stack.values("offers")), LIMIT_S, "its own offers are compacted away")
    before = ends(stack, reader)
    stack.send_signal("catalog", signal.SIGCONT)
    assert wait_for_exit(stack, "catalog") == EXIT_FAIL_STOP
    assert "another worker has taken over" in stack.log("catalog")
    settle(stack, "catalog")
    assert ends(stack, reader) == before
    reader.close()
    check_conservation(stack, acked, truth(stack))
    check_monotonic(stack)
    check_newest(stack, truth(stack))


def ends(stack: Stack, reader: Reader) -> dict[tuple[str, int], int]:
    bases = ("contents", "offers", "outcomes")
    return {(base, p): reader.begin_end(stack.topic(base), p)[1] for base in bases for p in range(stack.partitions)}


def test_workers_come_and_go_and_one_brings_back_an_old_store(stack: Stack) -> None:
    """A7: one worker, three, one again, while events keep coming; the first returns with what it knew long before."""
    merchant = Merchant(stack.kafka, stack.generation)
    store, old = stack.data / "catalog-0", stack.data / "old"
    stack.start("catalog")
    with Stream(merchant, mixed_events(random.Random(5), 30), rate=200):
        wait_until(lambda: some_outcomes(stack), LIMIT_S, "the first events are decided")
        assert stack.stop("catalog") == 0
        shutil.copytree(store, old)
        stack.start("catalog")
        peers = {name: launch_peer(stack, name) for name in ("catalog-1", "catalog-2")}
        wait_until(lambda: any(map(owned, peers.values())), LIMIT_S, "a new worker owns a partition")
        wait_until(
            lambda: not any(map(is_free, peers.values())), LIMIT_S, "both listen: they end when they are told to"
        )
        stack.kill("catalog")
        for name in peers:
            assert stack.stop(name) == 0
        shutil.rmtree(store)
        shutil.copytree(old, store)
        stack.start("catalog")
    acked = merchant.flush()
    settle(stack, "catalog")
    check_all(stack, acked, embedded=False)


def own_topics(kafka: str) -> set[str]:
    """All but Kafka's internal ones."""
    return {name for name in admin(kafka).list_topics(timeout=LIMIT_S).topics if not name.startswith("__")}


def test_the_recovery_bench_reads_back_what_it_wrote_and_leaves_no_topic(kafka: str) -> None:
    before = own_topics(kafka)
    figures = bench_recovery(kafka, SKUS_PER_TRANSACTION + 1)
    assert (figures["skus"], figures["records"]) == (SKUS_PER_TRANSACTION + 1, 2 * SKUS_PER_TRANSACTION + 2)
    wait_until(lambda: own_topics(kafka) == before, LIMIT_S, "its topics are gone")
