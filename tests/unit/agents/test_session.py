"""Clicks are read strictly; a store that is away makes them wait, and a shard that is away harms nothing."""

import base64
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from agents.faults import Faults
from agents.session import SessionAgent, read_clicks
from agents.topics import Topics
from schemas.errors import Unavailable
from schemas.hits import ShardState
from schemas.metrics import Metrics
from schemas.records import DeadLetter, decode
from schemas.sessions import HISTORY_MS, Place, SessionClick
from schemas.shard_messages import VectorsAnswer
from streams.item_vectors import ItemMemory
from streams.memory_sessions import MemorySessions
from streams.partitioner import partition_of
from streams.reader import LogRecord
from streams.transactions import Outgoing

NOW_MS = 1_795_260_885_909
TOPICS = Topics(1, 2)
STATE = ShardState(partition=0, replica=0, lineage="l", documents_offset=0, offers_offset=0)
ONE = base64.b64encode(b"\x00\x3c\x00\x00").decode()
"""(1, 0) in fp16."""


def record(offset: int, session: str = "s", sku: str = "a", age_ms: int = 0, **more: Any) -> LogRecord:
    value = {"type": "click", "session": session, "sku": sku, **more}
    key = session.encode()
    return LogRecord("clicks", partition_of(key, 2), offset, key, orjson.dumps(value), NOW_MS - age_ms)


def test_good_clicks_keep_their_place_and_their_time() -> None:
    read = read_clicks([record(4, sku="a"), record(7, sku="b", type="purchase")], TOPICS, Faults(), NOW_MS)
    assert [(one.sku, one.type, one.offset, one.at_ms) for one in read.clicks] == [
        ("a", "click", 4, NOW_MS),
        ("b", "purchase", 7, NOW_MS),
    ]
    assert read.letters == [] and read.expired == 0


@pytest.mark.parametrize(("age_ms", "expired"), [(HISTORY_MS - 1, 0), (HISTORY_MS, 1)])
def test_a_click_older_than_any_history_is_not_counted(age_ms: int, expired: int) -> None:
    read = read_clicks([record(1, age_ms=age_ms)], TOPICS, Faults(), NOW_MS)
    assert (read.expired, len(read.clicks)) == (expired, 1 - expired)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(1)._replace(key=None), "missing_key"),
        (record(1)._replace(value=None), "malformed_json"),
        (record(1)._replace(value=b"\x80"), "malformed_json"),
        (record(1)._replace(partition=1 - record(1).partition), "wrong_partition"),
        (record(1, session="s")._replace(value=record(1, session="t").value), "key_mismatch"),
        (record(1, type="like"), "unknown_type"),
        (record(1, position=0), "invalid_field"),
    ],
)
def test_a_bad_click_is_dead_lettered_and_its_neighbours_are_read(bad: LogRecord, reason: str) -> None:
    read = read_clicks([record(0), bad, record(2)], TOPICS, Faults(), NOW_MS)
    assert [one.offset for one in read.clicks] == [0, 2] and read.reasons == [reason]
    letter = decode(DeadLetter, read.letters[0].value or b"")
    assert (letter.stage, letter.reason, letter.event_id, letter.offset) == ("session", reason, "", 1)
    assert letter.original() == (bad.key or b"", bad.value or b"")


def test_an_error_nobody_thought_of_is_dead_lettered_too() -> None:
    read = read_clicks([record(0), record(1), record(2)], TOPICS, Faults("raise:session:2"), NOW_MS)
    assert [one.offset for one in read.clicks] == [0, 2] and read.reasons == ["unexpected"]


class Committed:
    """Instead of the transactions: what was committed, and whether anything before was left out."""

    def __init__(self, agent: SessionAgent) -> None:
        self.records: list[Outgoing] = []
        self.agent = agent
        partitions: Any = agent.partitions
        partitions.next_offsets = {0: 0, 1: 0}
        partitions.check_gap = self._fine
        partitions.commit = self._commit

    async def _fine(self, partition: int, offset: int) -> None:
        """There is no gap."""

    async def _commit(self, partition: int, records: Sequence[Outgoing], next_offset: int) -> Sequence[int]:
        self.records += records
        self.agent.partitions.next_offsets[partition] = next_offset
        return range(len(records))


class Counter:
    """Instead of popularity: which clicks it was given."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, list[str], int]] = []

    def take(self, partition: int, clicks: Sequence[SessionClick], next_offset: int) -> None:
        self.taken.append((partition, [one.sku for one in clicks], next_offset))


def made(sessions: MemorySessions, shard: Exception | None = None) -> tuple[SessionAgent, Metrics]:
    async def ask(partition: int, skus: list[str], timeout_s: float) -> VectorsAnswer:
        if shard:
            raise shard
        return VectorsAnswer(encoder="fake", vectors=dict.fromkeys(skus, ONE), state=STATE)

    metrics = Metrics()
    items = ItemMemory(ask, 2, metrics, lambda: 0.0)
    counted: Any = Counter()
    agent = SessionAgent("", TOPICS, 7, sessions, items, counted, 500, metrics, Faults(), lambda: NOW_MS, retry_s=0)
    return agent, metrics


def results(metrics: Metrics) -> dict[str, float]:
    names = ("counted", "duplicate", "expired", "dead-lettered")
    value = metrics.registry.get_sample_value
    return {name: found for name in names if (found := value("freshet_clicks_total", {"result": name}))}


async def test_clicks_are_counted_with_their_vector_before_their_position_is_committed() -> None:
    sessions = MemorySessions(lambda: 0.0)
    agent, metrics = made(sessions)
    committed = Committed(agent)
    where = record(0).partition
    await agent._count_all(where, [record(3), record(4, sku="b"), record(5, type="like"), record(6, age_ms=HISTORY_MS)])
    assert agent.partitions.next_offsets[where] == 7 and len(committed.records) == 1
    known = await sessions.read("s")
    assert known and [item.sku for item in known.history.items] == ["b", "a"]
    assert known.vector and (known.vector.encoder, known.vector.place) == ("fake", Place(7, 4))
    assert results(metrics) == {"counted": 2, "dead-lettered": 1, "expired": 1}
    counted: Any = agent._popularity
    assert counted.taken == [(where, ["a", "b", "a"], 7)]  # what is too old for a history still makes popular


async def test_what_is_delivered_again_is_not_counted_again() -> None:
    agent, metrics = made(MemorySessions(lambda: 0.0))
    Committed(agent)
    where = record(0).partition
    await agent._count_all(where, [record(3), record(4)])
    agent.partitions.next_offsets[where] = 0  # as after a crash before the commit
    await agent._count_all(where, [record(3), record(4), record(5)])
    assert results(metrics) == {"counted": 3, "duplicate": 2}


async def test_without_the_shard_the_history_is_stored_and_the_position_goes_on() -> None:
    sessions = MemorySessions(lambda: 0.0)
    agent, _ = made(sessions, shard=Unavailable("away"))
    Committed(agent)
    where = record(0).partition
    await agent._count_all(where, [record(3)])
    known = await sessions.read("s")
    assert known and known.vector is None and agent.partitions.next_offsets[where] == 4


class Returning(MemorySessions):
    """Away until it was probed for the third time."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.error = Unavailable("Redis does not answer")
        self.agent: SessionAgent | None = None
        self.said: list[str] = []

    async def probe(self) -> None:
        assert self.agent
        self.said.append(self.agent.waits_for)
        if len(self.said) == 3:
            self.error = None


async def test_without_the_store_clicks_wait_and_the_worker_says_so() -> None:
    sessions = Returning()
    sessions.agent, metrics = made(sessions=sessions)
    Committed(sessions.agent)
    await sessions.agent._count_all(record(0).partition, [record(3)])
    assert sessions.said == ["Redis does not answer"] * 3 and sessions.agent.waits_for == ""
    assert results(metrics) == {"counted": 1}


async def test_a_partition_that_was_handed_over_is_left_alone() -> None:
    sessions = MemorySessions(lambda: 0.0)
    agent, _ = made(sessions)
    Committed(agent)
    agent.partitions.next_offsets.clear()
    await agent._count_all(record(0).partition, [record(3)])
    assert await sessions.read("s") is None
