"""Limits of the agents, at n and one more."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from agents.catalog import PURGE_SKUS_MAX, CatalogAgent
from agents.embed import EmbedAgent
from agents.faults import Faults
from agents.shard import Kept, ShardAgent, ShardSetup
from agents.store import SkuStore
from agents.topics import Topics
from encoders.fake import FakeEncoder
from index_snapshots.apply import apply
from index_snapshots.builder import BuilderHere
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.protocol import Offsets
from schemas.errors import FreshetError
from schemas.metrics import Metrics
from streams.transactions import Outgoing
from tests.unit.agents.test_store import deleted
from tests.unit.index_snapshots.making import ORIGIN, logged, offer, shard
from tests.waiting import LIMIT_S

TOPICS = Topics(1, 1)
DEAD_LETTER_LIMIT = 3
HELD_OFFERS_MAX = 3


def embed_agent() -> EmbedAgent:
    return EmbedAgent("", TOPICS, FakeEncoder(), 64, DEAD_LETTER_LIMIT, Metrics(), Faults())


def test_so_many_failures_in_a_row_stop_the_worker() -> None:
    agent = embed_agent()
    for _ in range(DEAD_LETTER_LIMIT - 1):
        agent._tried(False)
    with pytest.raises(FreshetError, match="3 products in a row"):
        agent._tried(False)


def test_a_success_in_between_starts_the_count_again() -> None:
    agent = embed_agent()
    for _ in range(2):
        for _ in range(DEAD_LETTER_LIMIT - 1):
            agent._tried(False)
        agent._tried(True)


class Committed:
    """Stands for the partitions of a worker that owns partition 0; keeps what is committed."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.next_offsets = {0: 7}
        self.batches: list[list[Outgoing]] = []

    async def commit(self, partition: int, records: Sequence[Outgoing], next_offset: int) -> None:
        assert (partition, next_offset) == (0, 7), "purging reads nothing"
        self.batches.append(list(records))


@pytest.mark.parametrize(
    ("skus", "purged"), [(0, []), (PURGE_SKUS_MAX, [PURGE_SKUS_MAX]), (PURGE_SKUS_MAX + 1, [PURGE_SKUS_MAX, 1])]
)
async def test_old_deletes_are_purged_so_many_at_a_time(tmp_path: Path, skus: int, purged: list[int]) -> None:
    agent = CatalogAgent("", TOPICS, tmp_path, "cluster", 500, Metrics(), Faults())
    store, committed = SkuStore(tmp_path / "0.sqlite", "cluster"), Committed()
    day_ms = 86_400_000
    store.apply([change for i in range(skus) for change in deleted(f"s{i}", 9 * day_ms - 1)], {})
    store.apply(deleted("young", 9 * day_ms), {})
    agent.stores, agent.partitions = {0: store}, committed  # type: ignore[assignment]
    purging = asyncio.create_task(agent.purge(1.0, lambda: 10 * 86_400.0))
    async with asyncio.timeout(LIMIT_S):
        while store.count() != (0, 1):
            await asyncio.sleep(0)
    purging.cancel()
    assert [len(batch) for batch in committed.batches] == [2 * count for count in purged]
    nulls = {(one.topic, one.key, one.value) for batch in committed.batches for one in batch}
    assert nulls == {(TOPICS.name(base), b"s%d" % i, None) for base in ("contents", "offers") for i in range(skus)}
    store.close()


def held(count: int) -> Kept:
    kept = Kept(ORIGIN, Path(), shard(), CheckpointLog(1, Offsets(0, 0)))
    apply(logged("offers", [offer(f"s{i}", i + 1) for i in range(count)]), kept.shard)
    assert kept.shard.view.counts.held_offers == count
    return kept


def test_one_alarm_when_more_offers_wait_than_may(tmp_path: Path) -> None:
    setup = ShardSetup("", TOPICS, tmp_path, 0, 20_000, 2, HELD_OFFERS_MAX, 1, 0.98)
    producer: Any = SimpleNamespace()
    agent = ShardAgent(setup, [], BuilderHere(), producer, Metrics(), Faults(), str)
    most, more = held(HELD_OFFERS_MAX), held(HELD_OFFERS_MAX + 1)
    with capture_logs() as lines:
        agent._alarm_held(most)
    assert lines == []
    with capture_logs() as lines:
        agent._alarm_held(more)
        agent._alarm_held(more)
    assert [(line["log_level"], line["held_offers"]) for line in lines] == [("error", HELD_OFFERS_MAX + 1)]
