"""How far behind the log each step is, and how long events took."""

from typing import Any

import pytest

from schemas.errors import Unavailable
from schemas.hits import ShardState
from serving.fresh_sample import WINDOW_MAX, WINDOW_S, FreshSample, percentile
from serving.freshness import KEPT_S, REFRESH_S
from serving.lags import LogEnds, lags, spans
from streams.reader import LogRecord
from tests.unit.serving.fakes import Clock, FakeReader, FakeShard, Tier, outcome, state

ENDS = LogEnds(catalog=100, catalog_done=90, contents=80, contents_done=79, documents=70, offers=60, clicks_behind=5)


def lag(*states: ShardState, empty: frozenset[Any] = frozenset()) -> Any:
    known = {(one.partition, one.replica): one for one in states}
    return lags([ENDS], spans([ENDS], known), empty)[0]


def test_records_behind_per_step_where_a_marker_does_not_count() -> None:
    found = lag(state(documents=69, offers=40))
    assert (found.catalog_lag, found.contents_lag, found.documents_lag, found.offers_lag) == (10, 0, 0, 20)
    assert found.clicks_lag == 5


def test_two_records_behind_are_not_a_marker() -> None:
    assert lag(state(documents=68, offers=60)).documents_lag == 2


def test_the_replica_furthest_behind_counts() -> None:
    assert lag(state(replica=0, documents=70), state(replica=1, documents=50)).documents_lag == 20


def test_without_a_replica_the_lag_is_not_known() -> None:
    assert (lag().documents_lag, lag().offers_lag, lag().contents_lag) == (None, None, 0)


def test_percentiles_by_nearest_rank() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(number) for number in range(100)], 0.95) == 95.0


async def freshness(tier: Tier) -> dict[str, Any]:
    response = await tier.client.get("/v1/freshness")
    assert response.status == 200, await response.text()
    found: dict[str, Any] = await response.json()
    return found


async def test_a_group_that_never_committed_has_everything_before_it() -> None:
    log = FakeReader()
    async with Tier(log=log, clock=Clock()) as tier:
        for _ in range(3):
            await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"})
        assert (await freshness(tier))["partitions"][0]["catalog_lag"] == 3
        log.commits["catalog"] = 2
        assert (await freshness(tier))["partitions"][0]["catalog_lag"] == 3
        tier.clock.now_s += REFRESH_S
        assert (await freshness(tier))["partitions"][0]["catalog_lag"] == 1


async def test_an_aborted_transaction_at_the_end_is_not_work() -> None:
    class Aborted(FakeReader):
        def record_at(self, topic: str, partition: int, offset: int) -> LogRecord | None:
            return None if topic == "contents" else super().record_at(topic, partition, offset)

    log, clock = Aborted(), Clock()
    async with Tier(log=log, clock=clock) as tier:
        for _ in range(5):
            log.send("contents", b"a", b"{}")
        assert (await freshness(tier))["partitions"][0]["contents_lag"] == 5
        clock.now_s += REFRESH_S
        assert (await freshness(tier))["partitions"][0]["contents_lag"] == 0
        log.send("contents", b"a", b"{}")
        clock.now_s += REFRESH_S
        assert (await freshness(tier))["partitions"][0]["contents_lag"] == 6


async def test_committed_records_that_stand_still_stay_work() -> None:
    log, clock = FakeReader(), Clock()
    async with Tier(log=log, clock=clock) as tier:
        for _ in range(5):
            log.send("contents", b"a", b"{}")
        for _ in range(3):
            assert (await freshness(tier))["partitions"][0]["contents_lag"] == 5
            clock.now_s += REFRESH_S


async def test_the_time_from_event_to_searchable_is_sampled() -> None:
    clock = Clock()
    shard = FakeShard(seen={"content_searchable_ms": 1_250, "offer_searchable_ms": 1_100})
    async with Tier([[shard]], clock=clock) as tier:
        values = [outcome("1-0-0"), outcome("1-0-1", content_changed=False), outcome("1-0-2", "unchanged")]
        tier.wiring.outcomes.add([LogRecord("outcomes", 0, 0, b"", value.encode(), 0) for value in values])
        await tier.wiring.changes.step()
        found = await freshness(tier)
        assert (found["fresh_n"], found["fresh_p50_s"], found["fresh_p95_s"]) == (2, 0.25, 0.25)
        assert found["events_per_s"] == 0.3
        clock.now_s += WINDOW_S + 1
        assert (await freshness(tier))["fresh_n"] == 0


@pytest.mark.parametrize("more", [0, 1])
def test_so_many_times_are_kept(more: int) -> None:
    sample = FreshSample(Clock())
    for _ in range(WINDOW_MAX + more):
        sample.add(0.25)
    assert sample.now().n == WINDOW_MAX


async def test_without_kafka_old_figures_are_given_for_a_while() -> None:
    class Away(FakeReader):
        away = False

        def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
            if self.away:
                raise Unavailable("Kafka is away")
            return super().begin_end(topic, partition)

    log, clock = Away(), Clock()
    async with Tier(log=log, clock=clock) as tier:
        await freshness(tier)
        log.away = True
        clock.now_s += KEPT_S - 1
        assert (await freshness(tier))["age_s"] == pytest.approx(KEPT_S - 1)
        clock.now_s += 1
        response = await tier.client.get("/v1/freshness")
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
