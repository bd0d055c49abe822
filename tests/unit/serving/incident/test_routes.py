"""`/v1/timeline`, `/v1/answers`, `/v1/events` and replays over HTTP."""

from typing import Any

import pytest

from serving.incident.model import BUNDLE_ANSWERS_MAX
from serving.routes.incident import DIFFERENCES_MAX, LIMIT_MAX, PARTS_MAX
from tests.unit.serving.fakes import Tier
from tests.unit.serving.incident.made import BEGIN_MS, TimedLog, answer, decided

SPAN = f"from_ms={BEGIN_MS}&to_ms={BEGIN_MS + 60_000}"


def filled() -> TimedLog:
    log = TimedLog()
    for nth in range(5):
        log.at("served", nth * 10, answer(f"r{nth}", nth * 10, text=f"lamp {nth}", degraded=["encode"] * (nth == 3)))
        log.at("catalog", nth * 10, b'{"type":"patch","sku":"a","stock":1}')
        log.at("outcomes", nth * 10 + 5, decided(nth, nth * 10, sku=f"sku-{nth}"))
    return log


async def get(tier: Tier, address: str, status: int = 200) -> Any:
    response = await tier.client.get(address)
    assert response.status == status, await response.text()
    return await response.json()


async def test_a_span_in_parts_and_the_last_hour_without_one() -> None:
    async with Tier(log=filled()) as tier:
        told = await get(tier, f"/v1/timeline?{SPAN}&parts=2")
        assert [one["searches"] for one in told["parts"]] == [5, 0]
        assert (told["parts"][0]["end_ms"], told["kept_from_ms"]) == (BEGIN_MS + 30_000, BEGIN_MS)
        told = await get(tier, "/v1/timeline")
        assert told["parts"][-1]["end_ms"] - told["parts"][0]["begin_ms"] == 3_600_000
    async with Tier() as tier:
        assert (await get(tier, "/v1/timeline"))["kept_from_ms"] is None


async def test_answers_page_by_page_and_only_some() -> None:
    async with Tier(log=filled()) as tier:
        first = await get(tier, f"/v1/answers?{SPAN}&limit=3")
        rest = await get(tier, f"/v1/answers?{SPAN}&limit=3&after={first['next']}")
        found = [one["request_id"] for page in (first, rest) for one in page["answers"]]
        assert (found, rest["next"]) == ([f"r{nth}" for nth in range(5)], None)
        only = await get(tier, f"/v1/answers?{SPAN}&only=degraded")
        assert ([one["text"] for one in only["answers"]], only["looked_through"]) == (["lamp 3"], 5)
        assert [one["request_id"] for one in (await get(tier, f"/v1/answers?{SPAN}&text=LAMP+2"))["answers"]] == ["r2"]


async def test_events_say_what_they_wanted_and_what_became_of_them() -> None:
    async with Tier(log=filled()) as tier:
        told = await get(tier, f"/v1/events?{SPAN}&sku=sku-2")
        (one,) = told["events"]
        assert (one["id"], one["type"], one["fields"], one["outcome"]) == ("1-0-2", "patch", ["stock"], "indexed")
        assert one["decided_ms"] - one["received_ms"] == 5
        assert (await get(tier, f"/v1/events?{SPAN}&outcome=deleted"))["events"] == []


@pytest.mark.parametrize(
    ("address", "field"),
    [
        (f"/v1/timeline?{SPAN}&parts={PARTS_MAX + 1}", "parts"),
        ("/v1/timeline?from_ms=5&to_ms=5", "from_ms"),
        ("/v1/timeline?from_ms=x", "from_ms"),
        (f"/v1/answers?{SPAN}&limit={LIMIT_MAX + 1}", "limit"),
        (f"/v1/answers?{SPAN}&only=slow", "only"),
        (f"/v1/answers?{SPAN}&text={'x' * 201}", "text"),
        (f"/v1/events?{SPAN}&outcome=lost", "outcome"),
    ],
)
async def test_what_cannot_be_asked_is_named(address: str, field: str) -> None:
    async with Tier() as tier:
        told = await get(tier, address, 400)
        assert [one["field"] for one in told["problems"]] == [field]


async def test_an_answer_is_made_again_and_told_in_bounds() -> None:
    async with Tier() as tier:
        response = await tier.client.post("/v1/answers/r1/replay", json={"set": ["ef=9"]})
        told = await response.json()
        assert (response.status, told["verdict"], told["skus_now"]) == (200, "different", ["b"])
        assert (len(told["differences"]), told["more_differences"]) == (DIFFERENCES_MAX, 30 - DIFFERENCES_MAX)
        assert told["differences"][0] == {"at": "hit 1", "then": 1, "now": ["ef=9"]}
        response = await tier.client.post("/v1/answers/unknown/replay", json={})
        assert (response.status, (await response.json())["code"]) == (404, "no_answer")
        response = await tier.client.post("/v1/answers/r1/replay", json={"set": ["rules=/etc/passwd"]})
        assert (response.status, (await response.json())["problems"][0]["field"]) == (400, "set.0")
        response = await tier.client.post("/v1/answers/r1/replay", json={"sett": []})
        assert (response.status, (await response.json())["problems"][0]["field"]) == (400, "sett")


async def test_a_bundle_comes_as_a_file() -> None:
    async with Tier() as tier:
        response = await tier.client.post("/v1/answers/bundle", json={"answers": [{"request_id": "r1"}]})
        assert (response.status, response.content_type, await response.read()) == (200, "application/gzip", b"packed")
        assert response.headers["Content-Disposition"] == 'attachment; filename="incident.tar.gz"'
        again = await tier.client.post("/v1/answers/r1/replay", json={})
        assert again.status == 200, "its turn was over before its last byte"
        many = [{"request_id": f"r{nth}"} for nth in range(BUNDLE_ANSWERS_MAX + 1)]
        for answers in ([], many):
            response = await tier.client.post("/v1/answers/bundle", json={"answers": answers})
            assert (response.status, (await response.json())["problems"][0]["field"]) == (400, "answers")
