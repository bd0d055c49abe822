"""The door: every event is taken by Kafka or the answer says why not."""

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest

from schemas.errors import Overloaded, Unavailable
from schemas.limits import EVENTS_PER_REQUEST_MAX, REQUEST_BYTES_MAX
from schemas.records import EventId
from serving.door import REQUESTS_MAX
from streams.producer import Position
from tests.unit.serving.fakes import FakeReader, FakeShard, Tier

LAMP = b'{"type": "upsert",  "sku": "lamp", "title": "A lamp", "price": {"amount": 9.50, "currency": "EUR"}}'
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}


class Failing:
    """Takes the first `taken` events; then it is full, or Kafka does not acknowledge."""

    def __init__(self, taken: int, error: Exception, late: bool) -> None:
        self.taken = taken
        self.error = error
        self.late = late
        self.sent: list[bytes | None] = []

    def send(self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None) -> Any:
        future: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        if len(self.sent) >= self.taken and not self.late:
            raise self.error
        if len(self.sent) >= self.taken:
            future.set_exception(self.error)
        else:
            future.set_result(Position(0, len(self.sent), 0))
        self.sent.append(value)
        return future

    async def close(self) -> None:
        """Nothing to wait for."""


def deletes(count: int) -> list[bytes]:
    return [b'{"type":"delete","sku":"s%d"}' % number for number in range(count)]


async def test_kafka_gets_the_bytes_as_they_came_keyed_by_sku() -> None:
    async with Tier() as tier:
        response = await tier.client.post("/v1/catalog", data=LAMP, headers=JSON)
        assert response.status == 202
        assert await response.json() == {
            "accepted": 1,
            "rejected": 0,
            "events": [{"line": 1, "event_id": "1-0-0"}],
        }
        record = tier.log.record_at("catalog", 0, 0)
        assert record is not None
        assert (record.key, record.value) == (b"lamp", LAMP)


async def test_each_event_goes_to_the_partition_of_its_sku() -> None:
    async with Tier([[FakeShard()], [FakeShard()]]) as tier:
        response = await tier.client.post("/v1/catalog", data=b"\n".join(deletes(40)), headers=NDJSON)
        ids = [EventId.parse(event["event_id"]) for event in (await response.json())["events"]]
        assert {event_id.partition for event_id in ids} == {0, 1}
        for number, event_id in enumerate(ids):
            record = tier.log.record_at("catalog", event_id.partition, event_id.offset)
            assert record is not None
            assert record.key == b"s%d" % number


async def test_lines_are_answered_in_order_with_their_errors() -> None:
    lines = [LAMP, b"", b"{", b'{"type":"upsert","sku":"x","title":"t","stock":-1}', b'{"type":"delete","sku":"y"}']
    async with Tier() as tier:
        response = await tier.client.post("/v1/catalog", data=b"\n".join(lines), headers=NDJSON)
        assert response.status == 202
        answer = await response.json()
        assert (answer["accepted"], answer["rejected"]) == (2, 2)
        assert [event["line"] for event in answer["events"]] == [1, 3, 4, 5]
        assert answer["events"][1]["error"]["code"] == "malformed_json"
        assert answer["events"][2]["error"]["problems"][0]["field"] == "stock"
        assert tier.counted("freshet_ingest_events_total", result="accepted") == 2
        assert tier.counted("freshet_ingest_events_total", result="rejected") == 2


async def test_a_key_that_stands_twice_is_seen() -> None:
    async with Tier() as tier:
        body = b'[{"type":"delete","sku":"a","sku":"b"}, {"type":"delete","sku":"c"}]'
        answer = await (await tier.client.post("/v1/catalog", data=body, headers=JSON)).json()
        assert answer["events"][0]["error"]["code"] == "duplicate_key"
        assert answer["events"][1]["event_id"] == "1-0-0"


async def test_when_every_event_is_bad_nothing_is_taken() -> None:
    async with Tier() as tier:
        one = await tier.client.post("/v1/catalog", json={"type": "upsert", "sku": "a"})
        assert (one.status, one.content_type) == (400, "application/problem+json")
        assert (await one.json())["code"] == "invalid_field"
        two = await tier.client.post("/v1/catalog", json=[1, 2])
        assert two.status == 400
        problem = await two.json()
        assert problem["code"] == "all_events_invalid"
        assert [event["error"]["code"] for event in problem["events"]] == ["not_an_object"] * 2
        assert tier.log.begin_end("catalog", 0) == (0, 0)


async def test_a_broken_list_is_refused_before_anything_is_sent() -> None:
    async with Tier() as tier:
        response = await tier.client.post("/v1/catalog", data=b"[" + LAMP + b", oops]", headers=JSON)
        assert response.status == 400
        assert (await response.json())["code"] == "malformed_json"
        assert tier.log.begin_end("catalog", 0) == (0, 0)


async def test_no_event_at_all_is_refused() -> None:
    async with Tier() as tier:
        for body, headers in [(b"\n\n", NDJSON), (b"[]", JSON)]:
            response = await tier.client.post("/v1/catalog", data=body, headers=headers)
            assert (response.status, (await response.json())["code"]) == (400, "no_events")


@pytest.mark.parametrize(("extra", "status"), [(0, 202), (1, 413)])
async def test_events_per_request_at_the_limit_and_beyond(extra: int, status: int) -> None:
    async with Tier() as tier:
        body = b"\n".join(deletes(EVENTS_PER_REQUEST_MAX + extra))
        response = await tier.client.post("/v1/catalog", data=body, headers=NDJSON)
        assert response.status == status
        assert tier.log.begin_end("catalog", 0)[1] == (EVENTS_PER_REQUEST_MAX if status == 202 else 0)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("extra", "status"), [(0, 202), (1, 413)])
async def test_bytes_per_request_at_the_limit_and_beyond(packed: bool, extra: int, status: int) -> None:
    body = LAMP + b"\n" * (REQUEST_BYTES_MAX + extra - len(LAMP))
    headers = NDJSON | ({"Content-Encoding": "gzip"} if packed else {})
    async with Tier() as tier:
        data = io.BytesIO(gzip.compress(body) if packed else body)
        response = await tier.client.post("/v1/catalog", data=data, headers=headers)
        assert response.status == status


async def test_a_body_that_does_not_tell_its_length_is_limited_too() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(REQUEST_BYTES_MAX // 1_000_000 + 1):
            yield b"\n" * 1_000_000

    async with Tier() as tier:
        response = await tier.client.post("/v1/catalog", data=parts(), headers=NDJSON)
        assert (response.status, (await response.json())["code"]) == (413, "body_too_large")


async def test_a_gzip_bomb_costs_no_more_than_the_limit() -> None:
    bomb = gzip.compress(b"\n" * (50 * REQUEST_BYTES_MAX), compresslevel=9)
    async with Tier() as tier:
        response = await tier.client.post("/v1/catalog", data=bomb, headers=NDJSON | {"Content-Encoding": "gzip"})
        assert response.status == 413


async def test_cut_or_foreign_compression_is_refused() -> None:
    packed = gzip.compress(b"\n".join(deletes(500)))
    async with Tier() as tier:
        for body in (packed[:-20], packed + b"more", b"not gzip"):
            response = await tier.client.post("/v1/catalog", data=body, headers=NDJSON | {"Content-Encoding": "gzip"})
            assert (response.status, (await response.json())["code"]) == (400, "malformed_gzip")
        response = await tier.client.post("/v1/catalog", data=LAMP, headers=JSON | {"Content-Encoding": "br"})
        assert response.status == 415
        assert tier.log.begin_end("catalog", 0) == (0, 0)


async def test_another_content_type_is_refused() -> None:
    async with Tier() as tier:
        response = await tier.client.post("/v1/catalog", data=LAMP, headers={"Content-Type": "text/plain"})
        assert response.status == 415


@pytest.mark.parametrize("late", [False, True])
async def test_what_kafka_did_not_take_is_said_line_by_line(late: bool) -> None:
    async with Tier(producer=Failing(2, Unavailable("Kafka is away"), late)) as tier:
        response = await tier.client.post("/v1/catalog", data=b"\n".join([*deletes(4), b"{"]), headers=NDJSON)
        assert response.status == 202
        answer = await response.json()
        assert (answer["accepted"], answer["rejected"]) == (2, 3)
        codes = [event.get("error", {}).get("code") for event in answer["events"]]
        assert codes == [None, None, "not_taken", "not_taken", "malformed_json"]
        assert tier.counted("freshet_ingest_events_total", result="not_taken") == 2


@pytest.mark.parametrize(
    ("error", "status", "wait_s"),
    [(Overloaded("the queue is full", retry_after_s=2.4), "429", "3"), (Unavailable("Kafka is away"), "503", "1")],
)
@pytest.mark.parametrize("late", [False, True])
async def test_nothing_taken_tells_when_to_come_back(error: Exception, status: str, wait_s: str, late: bool) -> None:
    async with Tier(producer=Failing(0, error, late)) as tier:
        response = await tier.client.post("/v1/catalog", data=b"\n".join(deletes(2)), headers=NDJSON)
        assert (str(response.status), response.headers["Retry-After"]) == (status, wait_s)
        problem = await response.json()
        assert [event["error"]["code"] for event in problem["events"]] == ["not_taken"] * 2


async def test_after_a_full_queue_no_later_event_overtakes() -> None:
    class OnceFull(Failing):
        def send(self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None) -> Any:
            if len(self.sent) == 1:
                self.sent.append(None)
                raise Overloaded("full")
            return super().send(topic, key, value, partition)

    producer = OnceFull(100, Unavailable("unused"), False)
    async with Tier(producer=producer) as tier:
        answer = await (await tier.client.post("/v1/catalog", data=b"\n".join(deletes(3)), headers=NDJSON)).json()
        assert answer["accepted"] == 1
        assert producer.sent == [deletes(1)[0], None]


async def test_requests_at_the_door_are_limited() -> None:
    async with Tier() as tier:
        with ExitStack() as others:
            for _ in range(REQUESTS_MAX - 1):
                others.enter_context(tier.wiring.door.gate.inside())
            assert (await tier.client.post("/v1/catalog", data=LAMP, headers=JSON)).status == 202
            others.enter_context(tier.wiring.door.gate.inside())
            response = await tier.client.post("/v1/catalog", data=LAMP, headers=JSON)
            assert (response.status, response.headers["Retry-After"]) == (429, "1")
        assert (await tier.client.post("/v1/catalog", data=LAMP, headers=JSON)).status == 202


async def sent(tier: Tier) -> Any:
    record = tier.log.record_at("catalog", 0, 0)
    assert record is not None
    assert record.key is not None
    return record.key.decode(), json.loads(record.value or b"null")


async def test_patch_takes_the_sku_from_the_address() -> None:
    async with Tier() as tier:
        response = await tier.client.patch(
            "/v1/catalog/a%2Fb%20%C3%A4", data=b'{"stock": 3, "brand": null}', headers=JSON
        )
        assert response.status == 202
        assert await sent(tier) == ("a/b ä", {"type": "patch", "sku": "a/b ä", "stock": 3, "brand": None})


async def test_patch_keeps_the_bytes_of_the_fields() -> None:
    async with Tier() as tier:
        await tier.client.patch(
            "/v1/catalog/a", data=b' {"price": {"amount": 1.50,  "currency": "EUR"}} ', headers=JSON
        )
        record = tier.log.record_at("catalog", 0, 0)
        assert record is not None
        assert record.value == b'{"type":"patch","sku":"a","price": {"amount": 1.50,  "currency": "EUR"}}'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"sku": "other", "stock": 1}', "path_mismatch"),
        (b'{"type": "upsert", "stock": 1}', "path_mismatch"),
        (b'{"stock": 1, "stock": 2}', "duplicate_key"),
        (b"[]", "not_an_object"),
        (b"{}", "invalid_field"),
        (b"{", "malformed_json"),
    ],
)
async def test_a_bad_patch_is_refused(body: bytes, code: str) -> None:
    async with Tier() as tier:
        response = await tier.client.patch("/v1/catalog/a", data=body, headers=JSON)
        assert (response.status, (await response.json())["code"]) == (400, code)


async def test_delete_takes_its_version_from_the_query_or_the_body() -> None:
    async with Tier() as tier:
        assert (await tier.client.delete("/v1/catalog/a?version=7")).status == 202
        assert await sent(tier) == ("a", {"type": "delete", "sku": "a", "version": 7})
    async with Tier() as tier:
        assert (await tier.client.delete("/v1/catalog/a", json={"version": 8})).status == 202
        assert await sent(tier) == ("a", {"type": "delete", "sku": "a", "version": 8})
    async with Tier() as tier:
        assert (await tier.client.delete("/v1/catalog/a")).status == 202
        assert await sent(tier) == ("a", {"type": "delete", "sku": "a"})
        assert (await tier.client.delete("/v1/catalog/a?version=new")).status == 400


async def test_unknown_fields_reach_kafka_too() -> None:
    async with Tier(log=FakeReader()) as tier:
        await tier.client.post("/v1/catalog", json={"type": "upsert", "sku": "a", "title": "t", "wattage": 5})
        assert (await sent(tier))[1]["wattage"] == 5
