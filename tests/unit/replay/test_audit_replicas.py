"""What a replica holds beside what the log says: rows that are stale, missing or from nowhere are named."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from agents.faults import Faults
from agents.health import Health
from agents.shard import Kept, ShardAgent, ShardSetup
from agents.shard_endpoint import ShardEndpoint
from agents.topics import Topics
from index_snapshots.apply import apply, read
from index_snapshots.builder import BuilderHere
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.protocol import Offsets, Topic
from replay.audit.findings import Tally
from replay.audit.replicas import Replica, compare
from replay.audit.rows import Rows
from replay.audit.run import parts_of
from replay.audit.share import Share
from schemas.metrics import Metrics
from schemas.records import DocumentRecord, OfferRecord
from streams.reader import LogRecord
from tests.unit.agents.test_scrubbing import flip
from tests.unit.index_snapshots.making import (
    DIM,
    ENCODER,
    ORIGIN,
    content,
    document,
    no_document,
    no_offer,
    offer,
    shard,
)

Value = DocumentRecord | OfferRecord | None
DOCUMENTS: list[tuple[str, Value]] = [
    ("a", document("a", 1, seed=1)),
    ("b", document("b", 2, seed=2)),
    ("a", document("a", 3, seed=3, of=content("Desk lamp", "Lumo", ["Home", "Lamps"], {"colour": "red"}))),
    ("a", document("a", 2, seed=4)),
    ("c", document("c", 4)),
    ("c", no_document("c", 5)),
    ("d", document("d", 6)),
    ("d", no_document("d", 7)),
    ("d", None),
    ("b", document("b", 8).model_copy(update={"encoder": "another"})),
]
OFFERS: list[tuple[str, Value]] = [
    ("a", offer("a", 1, price=None)),
    ("a", offer("a", 3, price=9.5, stock=None)),
    ("b", offer("b", 2, since=2)),
    ("c", no_offer("c", 5)),
    ("b", offer("b", 1)),
]


def log_of(topic: Topic, values: list[tuple[str, Value]]) -> list[LogRecord]:
    """Offset 1 is a marker."""
    offsets = [number + (number > 0) for number in range(len(values))]
    return [
        LogRecord(topic, 0, offset, sku.encode(), value.encode() if value else None, 5)
        for offset, (sku, value) in zip(offsets, values, strict=True)
    ]


LOG = {"documents": log_of("documents", DOCUMENTS), "offers": log_of("offers", OFFERS)}


def opened(topic: Topic) -> Callable[[int], Iterator[LogRecord]]:
    begin = 0

    def records(end: int) -> Iterator[LogRecord]:
        nonlocal begin
        yield from (record for record in LOG[topic] if begin <= record.offset < end)
        begin = end

    return records


def built(leave_out: tuple[Topic, int] | None = None) -> Kept:
    kept = Kept(ORIGIN, Path(), shard(), CheckpointLog(100, Offsets(0, 0)))
    for topic, records in LOG.items():
        for record in records:
            if leave_out != (topic, record.offset):
                apply([read(topic, record.offset, record.key, record.value, 5)], kept.shard)  # type: ignore[arg-type]
    return kept


class Shop:
    """An endpoint whose one shard can be exchanged."""

    def __init__(self, agent: ShardAgent, url: str) -> None:
        self._agent = agent
        self.replica = Replica("shard 0 replica 0", url, 0, ENCODER, DIM)

    async def audit(self, kept: Kept) -> Tally:
        self._agent.kept[0] = kept
        tally = Tally()
        await asyncio.to_thread(compare, [self.replica], opened, lambda offset: f"1-0-{offset}", Share(), tally)
        return tally


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    producer: Any = SimpleNamespace()
    setup = ShardSetup("", Topics(1, 1), tmp_path, 0, 20_000, 2, 9, 2, 0.98)
    agent = ShardAgent(setup, [], BuilderHere(), producer, Metrics(), Faults(), str)
    agent.caught_up = True
    async with TestServer(ShardEndpoint(agent).app(Health("shard", Metrics(), str, dict))) as server:
        yield Shop(agent, str(server.make_url("")).rstrip("/"))


async def test_a_replica_that_holds_what_the_log_says_passes(shop: Shop) -> None:
    tally = await shop.audit(built())
    assert (tally.findings, tally.rows) == ([], {"shard 0 replica 0": 3})


@pytest.mark.parametrize(
    ("gone", "sku", "event"),
    [(("documents", 3), "a", "1-0-3"), (("offers", 3), "b", "1-0-2"), (("documents", 6), "c", "1-0-5")],
)
async def test_a_stale_row_is_named(shop: Shop, gone: tuple[Topic, int], sku: str, event: str) -> None:
    (finding,) = (await shop.audit(built(gone))).findings
    assert (finding.kind, finding.sku, finding.event_id) == ("stale", sku, event)
    assert finding.where == f"shard 0 replica 0, {gone[0]}"


async def test_a_flipped_bit_is_named(shop: Shop) -> None:
    kept = built()
    flip(kept)
    (finding,) = (await shop.audit(kept)).findings
    assert (finding.kind, finding.sku, finding.message) == ("stale", "b", "its row is not that of the newest event")


async def test_what_a_replica_lacks_or_has_from_nowhere_is_named(shop: Shop) -> None:
    kept = built(("offers", 4))
    apply([read("offers", 9, b"x", offer("x", 9).encode(), 5)], kept.shard)
    findings = sorted((await shop.audit(kept)).findings, key=lambda one: one.sku)
    assert [(one.sku, one.message) for one in findings] == [
        ("c", "it lacks this row"),
        ("x", "it holds this product, the log does not"),
    ]


async def test_a_replica_that_does_not_answer_is_told_as_not_compared(shop: Shop) -> None:
    away = shop.replica._replace(url="http://127.0.0.1:9")
    tally = Tally()
    await asyncio.to_thread(compare, [away], opened, str, Share(), tally)
    assert tally.found == 0
    assert "does not tell its buckets" in tally.not_compared["shard 0 replica 0"]


def test_shares_of_two_make_the_whole() -> None:
    digests = []
    for share in (Share(), Share(0, 2), Share(1, 2)):
        rows = Rows(opened("documents"), "documents", ENCODER, DIM, share)
        rows.advance(100)
        digests.append(rows.digests())
    assert digests[0] == [
        digests[1][bucket] if Share(0, 2).has_bucket(bucket) else digests[2][bucket] for bucket in range(256)
    ]


@pytest.mark.parametrize(
    ("partitions", "workers", "parts"),
    [
        (2, 2, [(0, 0, 1), (1, 0, 1)]),
        (3, 2, [(0, 0, 1), (1, 0, 1), (2, 0, 1)]),
        (1, 2, [(0, 0, 2), (0, 1, 2)]),
        (2, 3, [(0, 0, 2), (0, 1, 2), (1, 0, 2), (1, 1, 2)]),
    ],
)
def test_a_partition_is_shared_only_where_there_are_more_processes(
    partitions: int, workers: int, parts: list[tuple[int, int, int]]
) -> None:
    assert [(part.partition, *part.share) for part in parts_of(partitions, workers)] == parts
