"""The whole path over HTTP: an event goes in by the door and comes out of a search, with its price and its story."""

import asyncio
import base64
import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from faust.types import TP

from agents.catalog import CatalogAgent
from agents.faults import Faults
from agents.topics import Topics
from freshet.run_products import FIRST_PAGE, show_journey
from freshet.run_stuck import show_stuck
from schemas.metrics import Metrics
from schemas.records import DeadLetter, DocumentRecord, Order, decode
from streams.partitioner import partition_of
from streams.reader import Reader
from tests.system.conftest import Stack, http
from tests.system.sending import POISON, Merchant
from tests.unit.tracing import PARENT
from tests.waiting import LIMIT_S, wait_until

LATE = 12
"""Products that come while the shard is away."""
SHARD_DIES = ("kill:shard.1:2", "kill:snapshot.8:1")
"""After a batch was applied; in the middle of a snapshot's files."""


@pytest.fixture(scope="module")
def shop(module_stack: Stack) -> Stack:
    """All four processes, started once for this file. What comes without a trace goes on without one."""
    module_stack.environ |= {
        "FRESHET_TRACING": "true",
        "FRESHET_SERVED_FULL_SHARE": "1",
        "FRESHET_SNAPSHOT_EVERY_RECORDS": "4",
    }
    module_stack.start_all(but="session")
    return module_stack


def send(shop: Stack, *events: dict[str, Any]) -> list[str]:
    status, answer = http("POST", shop.url("serving", "/v1/catalog"), {"events": list(events)})
    assert status == 202, answer
    return [line["event_id"] for line in answer["events"]]


def search(shop: Stack, text: str, **more: Any) -> dict[str, Any]:
    status, answer = http("POST", shop.url("serving", "/v1/search"), {"text": text, **more})
    assert status == 200
    found: dict[str, Any] = answer
    return found


def event(shop: Stack, event_id: str) -> dict[str, Any]:
    status, answer = http("GET", shop.url("serving", f"/v1/events/{event_id}"))
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def order_of(event_id: str) -> list[int]:
    generation, _, offset = event_id.split("-")
    return [int(generation), int(offset)]


def upsert(sku: str, title: str, **more: Any) -> dict[str, Any]:
    return {"type": "upsert", "sku": sku, "title": title, **more}


def wait_searchable(shop: Stack, event_id: str) -> dict[str, Any]:
    found: dict[str, Any] = wait_until(
        lambda: (answer := event(shop, event_id))["searchable"] and answer, LIMIT_S, f"{event_id} is searchable"
    )
    return found


def test_an_upsert_is_found_by_its_meaning_and_tells_its_story(shop: Stack) -> None:
    ids = send(
        shop,
        upsert("lamp", "Desk lamp with warm light", brand="Lumen", price={"amount": 19.99, "currency": "EUR"}, stock=3),
        upsert("mug", "Coffee mug", brand="Cera", price={"amount": 5, "currency": "EUR"}, stock=0),
        upsert("rug", "Woollen carpet", brand="Lumen"),
    )
    stories = [wait_searchable(shop, event_id) for event_id in ids]
    steps = stories[0]["steps"]
    assert steps["received_ms"] <= steps["decided_ms"] <= steps["embedded_ms"] <= steps["searchable_ms"]
    answer = search(shop, "something to read by at night", limit=2)
    assert answer["hits"][0]["sku"] == "lamp" and answer["degraded"] == []
    assert answer["found"] == 3 and answer["hits"][0]["content_order"] == order_of(ids[0])
    assert search(shop, "cup", filters={"brand": ["Lumen"]})["found"] == 2
    assert [hit["sku"] for hit in search(shop, "", filters={"in_stock": True})["hits"]] == ["lamp"]
    assert [hit["sku"] for hit in search(shop, "", filters={"price_max": 6})["hits"]] == ["mug"]
    answer = search(shop, "lamps", facets=["brand", "price"], sort="price_asc", highlight=True)
    assert [hit["sku"] for hit in answer["hits"]] == ["mug", "lamp", "rug"]
    assert answer["hits"][1]["highlights"] == {"title": "Desk <mark>lamp</mark> with warm light"}
    assert answer["facets"]["brand"]["values"] == [{"value": "Lumen", "count": 2}, {"value": "Cera", "count": 1}]
    assert answer["facets"]["price"]["stats"] == {"count": 2, "min": 5.0, "max": 19.99, "avg": 12.495}


def test_a_trace_goes_with_a_change_from_the_request_to_what_the_shards_read(shop: Stack) -> None:
    """The extra otel is not installed here, so it is handed on as it came; the next change has none."""
    for sku, given in (("traced", {"traceparent": PARENT.decode()}), ("plain", {})):
        body = {"events": [upsert(sku, "Kettle")]}
        status, answer = http("POST", shop.url("serving", "/v1/catalog"), body, headers=given)
        assert status == 202
        wait_searchable(shop, answer["events"][0]["event_id"])
    for base in ("catalog", "contents", "offers", "documents"):
        heard = {key: headers.get("traceparent") for key, headers in headers_of(shop, base)}
        assert (heard[b"traced"], heard[b"plain"]) == (PARENT, None), base
    for sku in ("traced", "plain"):
        wait_searchable(shop, send(shop, {"type": "delete", "sku": sku})[0])


def headers_of(shop: Stack, base: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Key and headers of each committed record of a topic, as any client reads them."""
    quick = {"enable.partition.eof": True, "fetch.wait.max.ms": 10}
    consumer = Consumer({"bootstrap.servers": shop.kafka, "group.id": "nobody", **quick})
    for partition in range(shop.partitions):
        consumer.assign([TopicPartition(shop.topic(base), partition, 0)])
        while (message := consumer.poll(LIMIT_S)) is not None and message.error() is None:
            yield message.key() or b"", dict(message.headers() or ())
    consumer.close()


def test_a_price_change_shows_and_is_never_embedded_again(shop: Stack) -> None:
    (created,) = send(shop, upsert("chair", "Oak chair", price={"amount": 80, "currency": "EUR"}))
    wait_searchable(shop, created)
    status, answer = http(
        "PATCH", shop.url("serving", "/v1/catalog/chair"), {"price": {"amount": 70, "currency": "EUR"}}
    )
    assert status == 202
    changed = answer["events"][0]["event_id"] if "events" in answer else answer["event_id"]
    wait_searchable(shop, changed)
    status, product = http("GET", shop.url("serving", "/v1/skus/chair"))
    assert status == 200 and product["hit"]["offer"]["price"]["amount"] == 70
    assert product["hit"]["content_order"] == order_of(created) and product["hit"]["offer_order"] == order_of(changed)


def test_a_deleted_product_is_gone_and_a_late_older_version_does_not_bring_it_back(shop: Stack) -> None:
    wait_searchable(shop, send(shop, upsert("vase", "Glass vase", version=1))[0])
    (deleted,) = send(shop, {"type": "delete", "sku": "vase", "version": 3})
    wait_until(lambda: http("GET", shop.url("serving", "/v1/skus/vase"))[0] == 404, LIMIT_S, "the vase is gone")
    (late,) = send(shop, upsert("vase", "Glass vase", version=2))
    outcome = wait_until(lambda: event(shop, late)["outcome"], LIMIT_S, "the late event is decided")
    assert outcome == "superseded" and event(shop, deleted)["outcome"] == "deleted"
    assert http("GET", shop.url("serving", "/v1/skus/vase"))[0] == 404


@contextmanager
def stopped(shop: Stack, name: str) -> Iterator[None]:
    shop.send_signal(name, signal.SIGSTOP)
    try:
        yield
    finally:
        shop.send_signal(name, signal.SIGCONT)


def test_each_stuck_product_is_counted_as_its_journey_tells(shop: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    skus = ["fine", "bad", "cut", "mended", "texts", "late"]

    def stuck() -> Any:
        return {one["sku"]: one["reason"] for one in http("GET", shop.url("serving", "/v1/stuck"))[1]["products"]}

    merchant = Merchant(shop.kafka, shop.generation)
    for one in (
        *(upsert(sku, "Plain vase") for sku in skus[:1] + skus[3:]),
        {"type": "patch", "sku": "bad", "stock": -1},
        {"type": "patch", "sku": "mended", "stock": -1},
        {"type": "patch", "sku": "mended", "stock": 1},
    ):
        merchant.send(one)
    merchant.send_raw(b"cut", b"{", -1)
    merchant.flush()
    wait_until(lambda: stuck().keys() == {"bad", "cut"}, LIMIT_S, "two are refused, all others are shown")
    with stopped(shop, "embed"):
        [waits] = send(shop, upsert("texts", "Painted vase"))
        wait_until(lambda: event(shop, waits)["outcome"] is not None, LIMIT_S, "it is decided")
        with stopped(shop, "catalog"):
            send(shop, upsert("late", "Painted vase"))
            said = wait_until(lambda: len(found := stuck()) == 4 and found, LIMIT_S, "two more are stuck")
            told = {sku: http("GET", shop.url("serving", f"/v1/skus/{sku}/journey"))[1]["stuck"] for sku in skus}
            show_stuck("", None, shop.url("serving", ""), shop.data, "csv")
    assert said == {"bad": "dead-lettered", "cut": "dead-lettered", "texts": "encoder", "late": "decision"}
    assert said == {sku: one["reason"] for sku, one in told.items() if one}
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["sku"]: (row["code"], row["fields"]) for row in rows} == {
        "bad": ("invalid_field", "stock"),
        "cut": ("malformed_json", ""),
        "texts": ("", ""),
        "late": ("", ""),
    }
    send(shop, upsert("bad", "Vase"), upsert("cut", "Vase"))
    wait_until(lambda: stuck() == {}, LIMIT_S, "each is shown")


def test_what_would_bring_a_product_to_the_first_page(shop: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """It is what was searched for, and sold out."""
    skus = [f"basket-{number}" for number in range(FIRST_PAGE + 5)]
    offer = {"price": {"amount": 30, "currency": "EUR"}}
    sold_out = upsert("sold-out", "Wicker basket", **offer, stock=0)
    sent = send(shop, *(upsert(sku, f"Wicker basket with lid {sku}", **offer, stock=1) for sku in skus), sold_out)
    for event_id in sent:
        wait_searchable(shop, event_id)
    show_journey("sold-out", 10, "wicker basket", shop.url("serving", ""), shop.data, as_json=True)
    where = json.loads(capsys.readouterr().out)["search"]
    change = where["smallest_change"]
    assert (
        where["stage"] == "paging" and where["rank"] > FIRST_PAGE and where["rank_score"] < where["score_of_first_page"]
    )
    assert (change["setting"], change["before"]) == ("FRESHET_RANK_STOCK", 0.5)
    assert 0 <= change["after"] < change["before"] and change["rank"] <= FIRST_PAGE
    show_journey("sold-out", 10, "wicker basket", shop.url("serving", ""), shop.data, as_json=False)
    said = capsys.readouterr().out
    assert f"it is hit {where['rank']}: on page 2, not on page 1 (paging, partition" in said
    instead = f"FRESHET_RANK_STOCK={change['after']:g} instead of 0.5 would make it hit {change['rank']}"
    assert f"the smallest change: {instead}" in said
    for event_id in send(shop, *({"type": "delete", "sku": sku} for sku in [*skus, "sold-out"])):
        wait_searchable(shop, event_id)


def test_every_answer_is_in_the_served_log(shop: Stack) -> None:
    request_id = search(shop, "lamp", explain=True)["request_id"]
    wait_until(lambda: request_id.encode() in {key for key, _ in shop.values("served")}, LIMIT_S, "it is logged")


def test_a_restarted_shard_answers_the_same(shop: Stack) -> None:
    wait_searchable(shop, send(shop, upsert("clock", "Wall clock"))[0])
    before = search(shop, "time", limit=5, mode="vector")["hits"]
    _, state = http("GET", shop.url("shard", "/state"))
    shop.kill("shard")
    shop.start("shard")
    wait_until(lambda: search(shop, "time")["degraded"] == [], LIMIT_S, "the shard is asked again")
    _, after = http("GET", shop.url("shard", "/state"))
    assert search(shop, "time", limit=5, mode="vector")["hits"] == before
    for name in ("digest_documents", "digest_offers", "visible"):
        assert [one[name] for one in after["shards"]] == [one[name] for one in state["shards"]]


def test_every_answer_so_far_is_made_again_from_the_log(shop: Stack) -> None:
    """Among them answers from before the shard was killed, with facets, filters, another order, and of empty shards."""
    wait_until(lambda: http("GET", shop.url("serving", "/readyz"))[0] == 200, LIMIT_S, "it is ready")
    last = search(shop, "lamps", facets=["brand", "price"])["request_id"]
    wait_until(lambda: last.encode() in {key for key, _ in shop.values("served")}, LIMIT_S, "it is logged")
    told, file = replayed(shop, "slice", "--from", "1d"), shop.data / "slice.tar.gz"
    assert told["equal"] == told["answers"] >= 8, told
    packed = replayed(shop, "bundle", "--from", "1d", "--sample", "1000", "-o", str(file))
    assert packed["answers"] == told["answers"]
    assert replayed(None, "open", str(file))["equal"] == told["answers"]
    assert not list((shop.data / "replay").iterdir())


def replayed(shop: Stack | None, *command: str) -> dict[str, Any]:
    """What `freshet replay` says; None: where no shop is."""
    where = ["--url", shop.url("serving", ""), "--data", str(shop.data)] if shop else []
    environ = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
    done = subprocess.run(
        [sys.executable, "-m", "freshet", "replay", *command, "--json", *where],
        env=environ | shop.settings("serving") if shop else environ,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_shards_that_hang_talk_nonsense_or_are_dead_are_named_in_time_and_no_page_is_empty(shop: Stack) -> None:
    """D4. One that hangs never answers: that there is an answer at all is the deadline's doing."""
    shop.send_signal("shard", signal.SIGSTOP)
    without_shards(shop)
    shop.kill("shard")
    without_shards(shop)
    with garbage(shop.ports["shard"]):
        without_shards(shop)
    assert http("GET", shop.url("serving", "/readyz"))[0] in (200, 503)


def without_shards(shop: Stack) -> None:
    status, answer = http("POST", shop.url("serving", "/v1/search"), {"text": "lamp"})
    assert (status, set(answer["degraded"])) == (503, {"shard-0", "shard-1"})


@contextmanager
def garbage(port: int) -> Iterator[None]:
    """Somebody on this port answers every question with random bytes."""
    stop = threading.Event()

    def answer(listening: socket.socket) -> None:
        while not stop.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            with connection:
                connection.recv(1_000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + os.urandom(64))

    with socket.create_server(("127.0.0.1", port)) as listening:
        listening.settimeout(0.05)
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        yield
        stop.set()
        thread.join()


def test_a_shard_that_starts_answers_nothing_before_it_holds_what_the_log_held(shop: Stack) -> None:
    """D9, while questions come. The shard is still dead, from the test before."""
    for number in range(LATE):
        send(shop, upsert(f"late-{number}", f"Late lamp {number}"))
    skus = {f"late-{number}".encode() for number in range(LATE)}
    wait_until(lambda: skus <= {key for key, _ in shop.values("documents")}, LIMIT_S, "all of it waits in the log")
    reader = Reader(shop.kafka)
    ends = {partition: reader.begin_end(shop.topic("documents"), partition)[1] for partition in range(shop.partitions)}
    reader.close()
    shop.launch("shard")
    refused = 0
    while True:
        for partition, end in ends.items():
            code, answer = http("GET", shop.url("shard", f"/skus/lamp?partition={partition}"))
            assert code != 200 or answer["state"]["documents_offset"] >= end
            refused += code == 503
        status, answer = http("POST", shop.url("serving", "/v1/search"), {"text": "lamp", "limit": 50})
        if status == 503:  # no shard answers yet
            continue
        assert all(made["documents_offset"] >= ends[made["partition"]] for made in answer["made_from"])
        if not answer["degraded"]:
            break
    assert refused, "it listened before it was ready"
    assert {f"late-{number}" for number in range(LATE)} <= {hit["sku"] for hit in answer["hits"]}
    shop.wait_ready("shard")


def test_after_poison_in_kafka_and_at_the_door_the_next_event_is_searchable(shop: Stack) -> None:
    merchant = Merchant(shop.kafka, shop.generation)
    for line in POISON:
        merchant.send_raw(b"P-1", line)
    poison = merchant.flush()
    status, answer = http(
        "POST", shop.url("serving", "/v1/catalog"), b"\n".join(POISON), content_type="application/x-ndjson"
    )
    assert 400 <= status < 500 and [line["line"] for line in answer["events"]] == [1, 2, 3, 4], answer
    assert all(line["error"]["code"] and not line.get("event_id") for line in answer["events"]), answer
    sent_s = time.monotonic()
    wait_searchable(shop, send(shop, upsert("P-1", "Paper lantern"))[0])
    print(json.dumps({"poison": 2 * len(POISON), "next_searchable_s": round(time.monotonic() - sent_s, 2)}))
    assert {event(shop, event_id)["outcome"] for event_id in poison} == {"dead-lettered"}
    assert search(shop, "lantern", limit=1)["hits"][0]["sku"] == "P-1"


def spoiled(document: bytes, order: int, vector: bytes, sku: str) -> bytes:
    """A document as another program might write it: newer, and with a vector that is none."""
    known = decode(DocumentRecord, document)
    text = base64.b64encode(vector).decode()
    return known.model_copy(update={"sku": sku, "order": Order(known.order.generation, order), "vector": text}).encode()


def test_bad_vectors_in_the_log_are_dead_lettered_and_counted_and_change_no_answer(shop: Stack) -> None:
    wait_searchable(shop, send(shop, upsert("bowl", "Wooden bowl"))[0])
    good = newest(shop, "documents", "bowl") or b""
    dim = len(base64.b64decode(decode(DocumentRecord, good).vector or "")) // 2
    bad = {
        "nan": b"\x00\x7e" * dim,
        "infinite": b"\x00\x7c" + bytes(2 * dim - 2),
        "zero": bytes(2 * dim),
        "too long": b"\x00\x40" + bytes(2 * dim - 2),
        "one number less": b"\x00\x3c" + bytes(2 * dim - 4),
    }
    queries = ("wooden bowl", "lamp", "cup", "something to read by at night")
    before = [search(shop, text, limit=20, mode="vector")["hits"] for text in queries]
    merchant = Merchant(shop.kafka, shop.generation, "documents")
    for number, vector in enumerate(bad.values()):
        for sku in ("bowl", "ghost"):
            merchant.send_raw(sku.encode(), spoiled(good, 10**9 + number, vector, sku))
    ids = {f"{shop.topic('documents')}-{at.partition('-')[2]}" for at in merchant.flush()}

    def letters() -> list[DeadLetter]:
        found = [decode(DeadLetter, value) for _, value in shop.values("dead-letters") if value]
        return [letter for letter in found if letter.id in ids]

    wait_until(lambda: len(letters()) == len(ids) == 2 * len(bad), LIMIT_S, "all are dead-lettered")
    assert {(letter.reason, letter.stage, letter.who) for letter in letters()} == {("bad_vector", "shard", "operator")}
    counted = f'freshet_refused_records_total{{reason="bad_vector"}} {2 * len(bad)}.0'
    wait_until(lambda: counted in http("GET", shop.url("shard", "/metrics"))[1].decode(), LIMIT_S, "all are counted")
    assert [search(shop, text, limit=20, mode="vector")["hits"] for text in queries] == before
    assert http("GET", shop.url("serving", "/v1/skus/ghost"))[0] == 404
    wait_searchable(shop, send(shop, upsert("bowl-2", "Bowl of glass"))[0])


def shard_states(shop: Stack) -> list[tuple[Any, ...]]:
    """What each shard holds, once it has read all there is."""

    def read_all() -> list[dict[str, Any]] | None:
        status, answer = http("GET", shop.url("shard", "/state"))
        lags = [one["documents_lag"] + one["offers_lag"] for one in answer["shards"]] if status == 200 else [1]
        return answer["shards"] if not any(lags) else None

    names = ("digest_documents", "digest_offers", "rows", "visible", "held_offers")
    return [tuple(one[name] for name in names) for one in wait_until(read_all, LIMIT_S, "the shards have read all")]


def checkpoints(shop: Stack) -> dict[tuple[int, str, int], str]:
    """The digests that each shard has at fixed offsets: by partition, topic and offset."""
    _, answer = http("GET", shop.url("shard", "/state"))
    return {
        (one["state"]["partition"], topic, point["offset"]): point["digest"]
        for one in answer["shards"]
        for topic, points in one["checkpoints"].items()
        for point in points
    }


def test_a_shard_that_died_anywhere_equals_one_built_from_the_log(shop: Stack) -> None:
    shop.kill("shard")
    for number, fault in enumerate(SHARD_DIES):
        shard = shop.start("shard", FRESHET_FAULT=fault, FRESHET_SNAPSHOT_EVERY_RECORDS="1")
        ids: list[str] = []

        def one_more() -> bool:
            turn = len(ids)  # noqa: B023
            ids.extend(send(shop, upsert(f"cup-{turn % 7}", f"Cup {number} {turn}", stock=turn)))  # noqa: B023
            return turn > 7 and shard.poll() is not None  # noqa: B023

        wait_until(one_more, LIMIT_S, f"the shard dies at {fault}")
        assert shard.returncode == -signal.SIGKILL, fault
    shop.start("shard", FRESHET_DIGEST_EVERY="3")
    for event_id in ids[-7:]:
        wait_searchable(shop, event_id)
    wait_until(lambda: search(shop, "cup")["degraded"] == [], LIMIT_S, "whole answers")
    recovered, hits, before = (
        shard_states(shop),
        search(shop, "cup", limit=20, mode="vector", ranker="none")["hits"],
        checkpoints(shop),
    )
    shop.kill("shard")
    shop.start("shard", FRESHET_DATA=str(shop.data / "empty"), FRESHET_DIGEST_EVERY="3")
    wait_until(lambda: search(shop, "cup")["degraded"] == [], LIMIT_S, "whole answers")
    assert shard_states(shop) == recovered
    assert search(shop, "cup", limit=20, mode="vector", ranker="none")["hits"] == hits and len(hits) >= 7
    after = checkpoints(shop)
    common = before.keys() & after.keys()
    assert common and all(before[point] == after[point] for point in common), "the same at every common point"


async def purge_now(shop: Stack) -> None:
    """What `catalog` does when the clock stands a year later; it must not run meanwhile."""
    topics = Topics(shop.generation, shop.partitions)
    agent = CatalogAgent(shop.kafka, topics, shop.data / "later", "later", 500, Metrics(), Faults())
    owned = {TP(topics.name("catalog"), partition) for partition in range(topics.partitions)}
    await agent.partitions.starting_offsets(owned)
    assert sum(store.count()[1] for store in agent.stores.values()) > 0
    purging = asyncio.create_task(agent.purge(37.0, lambda: time.time() + 365 * 86_400))
    async with asyncio.timeout(LIMIT_S):
        while any(store.count()[1] for store in agent.stores.values()):
            await asyncio.sleep(0.02)
    async with agent.partitions.lock:
        purging.cancel()
    await agent.partitions.starting_offsets(set())


def newest(shop: Stack, base: str, sku: str) -> bytes | None:
    return [value for key, value in shop.values(base) if key == sku.encode()][-1]


def test_a_delete_that_is_old_enough_is_forgotten_everywhere(shop: Stack) -> None:
    wait_searchable(shop, send(shop, upsert("jar", "Jar of clay", stock=1))[0])
    wait_searchable(shop, send(shop, {"type": "delete", "sku": "jar"})[0])
    wait_until(
        lambda: all(rows == visible for _, _, rows, visible, _ in shard_states(shop)), LIMIT_S, "the jar is gone"
    )
    before = shard_states(shop)[partition_of(b"jar", shop.partitions)]
    assert shop.stop("catalog") == 0
    asyncio.run(purge_now(shop))
    for base in ("contents", "offers", "documents"):
        wait_until(lambda base=base: newest(shop, base, "jar") is None, LIMIT_S, f"{base} has a null record")  # type: ignore[misc]

    def forgotten() -> bool:
        after = shard_states(shop)[partition_of(b"jar", shop.partitions)]
        return after[0] != before[0] and after[1] != before[1] and after[2:] == before[2:]

    wait_until(forgotten, LIMIT_S, "the shard forgets it, too")
    shop.start("catalog")
    (created,) = send(shop, upsert("jar", "Jar of clay", version=1))
    wait_searchable(shop, created)
    assert http("GET", shop.url("serving", "/v1/skus/jar"))[0] == 200
