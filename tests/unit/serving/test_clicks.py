"""The door for clicks: keyed by session, open without a key, and bounded."""

from typing import Any

import pytest

from schemas.limits import CLICKS_PER_REQUEST_MAX, CLICKS_REQUEST_BYTES_MAX
from serving.door import REQUESTS_MAX
from tests.unit.serving.fakes import Tier

CLICK = b'{"type": "click",  "session": "s-1", "sku": "lamp"}'
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}


async def post(tier: Tier, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    response = await tier.client.post("/v1/clicks", data=body, headers=headers)
    return response.status, await response.json()


async def test_kafka_gets_the_bytes_as_they_came_keyed_by_session_and_no_key_is_needed() -> None:
    async with Tier(admin_key="secret") as tier:
        status, answer = await post(tier, CLICK, JSON)
        assert (status, answer) == (202, {"accepted": 1, "rejected": 0, "events": [{"line": 1, "event_id": "1-0-0"}]})
        record = tier.log.record_at("clicks", 0, 0)
        assert record is not None and (record.key, record.value) == (b"s-1", CLICK)
        assert tier.counted("freshet_ingest_clicks_total", result="accepted") == 1


async def test_a_bad_line_has_its_own_error() -> None:
    async with Tier() as tier:
        status, answer = await post(tier, b"\n".join([CLICK, b'{"type":"like"}', b"{", CLICK]), NDJSON)
        assert (status, answer["accepted"], answer["rejected"]) == (202, 2, 2)
        assert [line["error"]["code"] for line in answer["events"][1:3]] == ["unknown_type", "malformed_json"]
        assert tier.log.begin_end("clicks", 0) == (0, 2) and tier.log.begin_end("catalog", 0) == (0, 0)


async def test_when_every_click_is_bad_nothing_is_taken() -> None:
    async with Tier() as tier:
        status, answer = await post(tier, b'{"type":"click","session":"s"}', JSON)
        assert (status, answer["code"], answer["events"][0]["error"]["problems"][0]["field"]) == (
            400,
            "invalid_field",
            "sku",
        )


@pytest.mark.parametrize(("more", "status"), [(0, 202), (1, 413)])
async def test_clicks_per_request_are_limited(more: int, status: int) -> None:
    async with Tier() as tier:
        body = b"[" + b",".join([CLICK] * (CLICKS_PER_REQUEST_MAX + more)) + b"]"
        assert (await post(tier, body, JSON))[0] == status


@pytest.mark.parametrize(("more", "status"), [(0, 202), (1, 413)])
async def test_the_size_of_a_request_is_limited(more: int, status: int) -> None:
    async with Tier() as tier:
        body = CLICK + b" " * (CLICKS_REQUEST_BYTES_MAX - len(CLICK) + more)
        assert (await post(tier, body, JSON))[0] == status


async def test_requests_at_once_are_limited_apart_from_those_of_the_catalogue() -> None:
    async with Tier() as tier:
        inside = [tier.wiring.clicks.gate.inside() for _ in range(REQUESTS_MAX)]
        for gate in inside:
            gate.__enter__()
        assert (await post(tier, CLICK, JSON))[0] == 429
        assert (await tier.client.delete("/v1/catalog/a")).status == 202
        inside.pop().__exit__(None, None, None)
        assert (await post(tier, CLICK, JSON))[0] == 202
