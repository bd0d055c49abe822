"""Whether the process lives, is ready, and what it says of the rest."""

from tests.unit.serving.fakes import FakeShard, Tier, state


async def test_health_says_which_process_answers() -> None:
    async with Tier() as tier:
        found = await (await tier.client.get("/healthz")).json()
        assert (found["process"], found["version"], found["ready"]) == ("serving", "0.0.0", True)


async def test_one_ready_replica_of_each_shard_is_enough() -> None:
    shards = [[FakeShard(state(0, 0), ready=False), FakeShard(state(0, 1))], [FakeShard(state(1, 0))]]
    async with Tier(shards) as tier:
        response = await tier.client.get("/readyz")
        assert response.status == 200
        found = await response.json()
        assert (found["ready"], found["waiting_for"], found["shards"]) == (True, [], {"0": True, "1": True})
        assert found["kafka"] is False
        await tier.client.get("/v1/freshness")
        assert (await (await tier.client.get("/readyz")).json())["kafka"] is True


async def test_a_shard_that_is_not_ready_is_named() -> None:
    async with Tier([[FakeShard(ready=False)]]) as tier:
        response = await tier.client.get("/readyz")
        assert (response.status, (await response.json())["waiting_for"]) == (503, ["shard-0"])


async def test_without_an_encoder_it_is_not_ready() -> None:
    async with Tier() as tier:
        tier.wiring.vectors.give("", tier.encoding)
        response = await tier.client.get("/readyz")
        assert (response.status, (await response.json())["waiting_for"]) == (503, ["encoder"])


async def test_status_lists_replicas_and_those_that_do_not_answer() -> None:
    async with Tier([[FakeShard(state(0, 0)), FakeShard(state(0, 1, documents=99))]]) as tier:
        await tier._servers[0].close()
        await tier.wiring.watch.refresh(tier.wiring.shards, tier.hints, tier.lines)
        found = await (await tier.client.get("/v1/status")).json()
        assert [replica["state"]["replica"] for replica in found["replicas"]] == [1]
        assert found["unreachable"] == [f"0/0 {tier.replicas[0][0].url}"]
        assert (found["products"], found["ready"], found["encoder"]) == (2, True, "fake-4")


async def test_metrics_count_requests_by_route_and_status() -> None:
    async with Tier() as tier:
        await tier.search(text="lamp")
        await tier.client.get("/v1/skus/some-sku")
        await tier.client.get("/no/such/place")
        page = await (await tier.client.get("/metrics")).text()
        assert 'freshet_requests_total{route="/v1/search",status="200"} 1.0' in page
        assert 'freshet_requests_total{route="/v1/skus/{sku}",status="404"} 1.0' in page
        assert 'freshet_requests_total{route="unknown",status="404"} 1.0' in page
        assert 'freshet_stage_seconds_count{stage="shard-0"} 1.0' in page
