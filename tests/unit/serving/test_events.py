"""`GET /v1/events/{id}`: outcome, reason and the time of each step."""

from typing import Any

import pytest

from schemas.records import EventId
from streams.reader import LogRecord
from tests.unit.serving.fakes import FakeReader, FakeShard, Tier, outcome

EVENT = "1-0-7"


def decided(tier: Tier, kind: str = "indexed", at_ms: int = 1_500, **more: Any) -> None:
    value = outcome(EVENT, kind, **more)
    tier.wiring.outcomes.add([LogRecord("outcomes", 0, 0, b"", value.encode(), at_ms)])


async def status(tier: Tier, event_id: str = EVENT) -> dict[str, Any]:
    response = await tier.client.get(f"/v1/events/{event_id}")
    assert response.status == 200, await response.text()
    found: dict[str, Any] = await response.json()
    return found


async def test_every_step_with_its_time() -> None:
    seen = {"content_order": [1, 7], "offer_order": [1, 7], "embedded_ms": 1_600}
    shard = FakeShard(seen=seen | {"content_searchable_ms": 1_700, "offer_searchable_ms": 1_550})
    async with Tier([[shard]]) as tier:
        decided(tier)
        found = await status(tier)
        assert (found["outcome"], found["waiting"], found["searchable"]) == ("indexed", None, True)
        times = {"received_ms": 1_000, "decided_ms": 1_500, "embedded_ms": 1_600, "searchable_ms": 1_700}
        assert found["steps"] == times


async def test_a_price_change_is_searchable_with_its_offer() -> None:
    shard = FakeShard(seen={"content_order": [1, 2], "offer_order": [1, 7], "offer_searchable_ms": 1_550})
    async with Tier([[shard]]) as tier:
        decided(tier, content_changed=False)
        found = await status(tier)
        assert (found["searchable"], found["steps"]["searchable_ms"]) == (True, 1_550)


@pytest.mark.parametrize(("embedded_ms", "waiting"), [(None, "embed"), (1_600, "apply")])
async def test_what_is_still_to_come_is_named(embedded_ms: int | None, waiting: str) -> None:
    async with Tier([[FakeShard(seen={"content_order": [1, 2], "embedded_ms": embedded_ms})]]) as tier:
        decided(tier)
        found = await status(tier)
        assert (found["searchable"], found["waiting"]) == (False, waiting)


async def test_a_dead_letter_says_why_and_who_must_act() -> None:
    async with Tier() as tier:
        decided(tier, "dead-lettered", reason="unknown_sku", content_changed=False)
        found = await status(tier)
        assert (found["outcome"], found["reason"], found["who"]) == ("dead-lettered", "unknown_sku", "merchant")
        assert "does not exist" in found["meaning"]
        assert found["searchable"] is None


async def test_a_delete_is_seen_when_either_half_is_gone() -> None:
    seen = {"offer_order": [1, 7], "offer_searchable_ms": 1_550, "embedded_ms": 1_600}
    async with Tier([[FakeShard(seen=seen)]]) as tier:
        decided(tier, "deleted")
        found = await status(tier)
        assert (found["searchable"], found["steps"]["searchable_ms"]) == (True, 1_550)
        assert found["steps"]["embedded_ms"] is None


async def test_a_shard_that_is_away_is_named() -> None:
    shard = FakeShard(seen={"content_order": "garbage"})
    async with Tier([[shard]]) as tier:
        decided(tier)
        found = await status(tier)
        assert (found["outcome"], found["searchable"], found["degraded"]) == ("indexed", None, ["shard-0"])


async def test_an_event_that_is_not_decided_yet_waits() -> None:
    async with Tier() as tier:
        await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"})
        found = await status(tier, "1-0-0")
        assert (found["sku"], found["outcome"], found["waiting"]) == ("a", None, "decide")
        assert found["steps"]["received_ms"] == 1_700_000_000_000


async def test_an_event_ahead_of_the_last_decision_is_not_searched_for() -> None:
    async with Tier() as tier:
        for _ in range(9):
            await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"})
        decided(tier)
        assert (await status(tier, "1-0-8"))["waiting"] == "decide"
        assert tier.log.read_topics == []
        tier.log.send("outcomes", b"", outcome("1-0-6").encode())
        assert (await status(tier, "1-0-6"))["outcome"] == "indexed"
        assert tier.log.read_topics == ["outcomes"]


async def test_an_older_outcome_comes_from_the_log() -> None:
    async with Tier() as tier:
        tier.log.send("outcomes", b"", outcome("1-0-0").encode())
        assert (await status(tier, "1-0-0"))["outcome"] == "indexed"
        assert tier.wiring.outcomes.get(EventId(1, 0, 0)) is None


async def test_beyond_the_log_is_404_and_before_it_410() -> None:
    log = FakeReader()
    log.begins[("catalog", 0)] = 2
    async with Tier(log=log) as tier:
        for _ in range(3):
            await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"})
        for event_id, code in [("1-0-1", 410), ("1-0-2", 200), ("1-0-3", 404), ("1-1-0", 404), ("2-0-2", 404)]:
            assert (await tier.client.get(f"/v1/events/{event_id}")).status == code, event_id
        for event_id in ("1-0", "a-b-c", "1-0--1", "1-0-" + "9" * 30):
            assert (await tier.client.get(f"/v1/events/{event_id}")).status == 400, event_id
