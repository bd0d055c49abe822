"""What `/metrics` of the tier shows of the moment it is asked in."""

import re

from schemas.errors import Unavailable
from serving.freshness import KEPT_S, REFRESH_S
from serving.processes import Probe
from serving.replica import Replica
from streams.reader import LogRecord
from tests.unit.serving.fakes import Clock, FakeReader, FakeShard, Tier, hit


async def page(tier: Tier) -> str:
    return await (await tier.client.get("/metrics")).text()


async def test_lags_of_each_step_and_none_while_kafka_is_away() -> None:
    class Away(FakeReader):
        away = False

        def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
            if self.away:
                raise Unavailable("Kafka is away")
            return super().begin_end(topic, partition)

    log, clock = Away(), Clock()
    async with Tier(log=log, clock=clock) as tier:
        for _ in range(3):
            await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"})
        found = await page(tier)
        assert 'freshet_lag_records{partition="0",step="catalog"} 3.0' in found
        assert set(re.findall(r'freshet_lag_age_seconds\{partition="0",step="(\w+)"', found)) > {"catalog", "embed"}
        log.away = True
        clock.now_s += KEPT_S + REFRESH_S
        assert "freshet_lag_records{" not in await page(tier)


async def test_a_shard_that_is_gone_has_no_lag_any_more() -> None:
    clock = Clock()
    async with Tier(clock=clock) as tier:
        assert {"documents", "offers"} <= steps(await page(tier))
        tier.wiring.watch.processes.clear()
        clock.now_s += REFRESH_S
        assert steps(await page(tier)) == {"catalog", "embed", "clicks"}


def steps(found: str) -> set[str]:
    """What a lag is told of."""
    return set(re.findall(r'freshet_lag_(?:records|age_seconds)\{partition="0",step="(\w+)"', found))


async def test_lags_are_told_where_the_age_of_a_queue_is_not() -> None:
    class Unreadable(FakeReader):
        def record_at(self, topic: str, partition: int, offset: int) -> LogRecord | None:
            raise Unavailable("this record cannot be read")

    log = Unreadable()
    async with Tier(log=log) as tier:
        await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"})
        found = await page(tier)
        assert 'freshet_lag_records{partition="0",step="catalog"} 1.0' in found
        assert "freshet_lag_age_seconds{" not in found


async def test_processes_as_the_tier_sees_them() -> None:
    async with Tier() as tier:
        tier.wiring.processes.saw("serving", Probe(state="up"))
        assert 'freshet_process_up{process="serving"} 1.0' in await page(tier)
        tier.wiring.processes.saw("serving", Probe(state="starting"))
        found = await page(tier)
        assert 'freshet_process_up{process="serving"} 0.0' in found
        assert 'freshet_build_info{process="serving",version="0.0.0"} 1.0' in found
        assert "freshet_ready 1.0" in found


async def test_searches_are_counted_by_whether_they_found_anything() -> None:
    for shard, result in ((FakeShard(hits=[hit("a", 0.9)]), "some"), (FakeShard(), "none")):
        async with Tier([[shard]], answer_cache_mb=1.0) as tier:
            for count in (1, 2):  # the second answer may be one that was kept
                await tier.search(text="lamp")
                assert tier.counted("freshet_searches_total", result=result) == count


async def test_no_query_and_no_product_makes_a_series() -> None:
    async with Tier() as tier:

        async def series(name: str) -> set[str]:
            await tier.search(text=name, session=name)
            await tier.client.get(f"/v1/skus/{name}")
            await tier.client.get(f"/{name}")
            return set(re.findall(r"^freshet_\S+(?= )", await page(tier), flags=re.M))

        await series("first")
        assert await series("second") == await series("third")


def test_a_replica_that_nobody_knows_is_counted_without_its_address() -> None:
    """Addresses of pods come and go; a counter keeps every one that it ever had."""
    replica = Replica(0, "http://10.0.0.7:8410", None, Clock())
    assert (replica.name, replica.counted_as) == ("http://10.0.0.7:8410", "unknown")
    replica.number = 3
    assert replica.counted_as == "3"
