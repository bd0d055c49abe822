"""The served log: every answer compact, some in full, and never slower for it."""

import asyncio
import base64

import numpy as np
import pytest

from schemas.errors import Overloaded, Unavailable
from schemas.metrics import Metrics
from schemas.records import decode
from schemas.served import Served
from serving.routes import search as route
from serving.served import ServedLog, fits
from tests.unit.serving.fakes import FakeEncoding, FakeReader, FakeShard, Tier, hit
from tests.unit.serving.test_catalog import Failing


async def logged(tier: Tier) -> list[Served]:
    await tier.wiring.served.drain()
    return [decode(Served, record.value or b"") for batch in tier.log.read("served", 0, 0) for record in batch]


async def test_an_ordinary_answer_is_logged_compact() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]], served_full_share=0) as tier:
        answer = await tier.search(text="lamp", filters={"brand": ["Lumen"], "not": {"in_stock": False}})
        [record] = await logged(tier)
        assert answer["replayable"] is False
        assert (record.kind, record.inputs, record.request_id) == ("compact", None, answer["request_id"])
        assert (record.text, record.skus, record.filters.brand) == ("lamp", ["a"], ["Lumen"])
        assert record.filters.not_ is not None and record.filters.not_.in_stock is False
        assert record.made_from[0].documents_offset == 10
        sent = tier.log.record_at("served", 0, 0)
        assert sent is not None
        assert sent.key == answer["request_id"].encode()


async def test_a_full_record_holds_what_the_shards_were_asked_with() -> None:
    shard = FakeShard(hits=[hit("a", 0.25, 4)])
    async with Tier([[shard]], served_full_share=1) as tier:
        answer = await tier.search(text="lamp")
        [record] = await logged(tier)
        assert (answer["replayable"], record.kind) == (True, "full")
        assert record.inputs is not None
        assert record.inputs.vector == shard.queries[0]["vector"]
        assert len(np.frombuffer(base64.b64decode(record.inputs.vector or ""), "<f2")) == 4
        [logged_hit] = record.inputs.candidates["0"]
        assert (logged_hit.sku, logged_hit.score) == ("a", 0.25)
        assert tier.counted("freshet_served_total", kind="full") == 1


async def test_a_full_record_of_a_later_page_holds_all_that_led_to_it() -> None:
    shard = FakeShard(hits=[hit("a", 0.5), hit("b", 0.25)])
    async with Tier([[shard]], served_full_share=1) as tier:
        answer = await tier.search(text="lamp", limit=1, page=2)
        [record] = await logged(tier)
        assert [one["sku"] for one in answer["hits"]] == record.skus == ["b"]
        assert record.inputs is not None and [one.sku for one in record.inputs.candidates["0"]] == ["a", "b"]


async def test_a_record_at_the_limit_fits_and_one_byte_more_does_not() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]], served_full_share=1) as tier:
        await tier.search(text="lamp")
        [record] = await logged(tier)
    size = len(record.encode())
    assert fits(record, size)
    assert not fits(record, size - 1)


async def test_a_record_too_large_for_kafka_is_logged_compact_and_the_answer_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(route, "fits", lambda record: fits(record, 100))
    async with Tier([[FakeShard(hits=[hit("a")])]], served_full_share=1) as tier:
        answer = await tier.search(text="lamp")
        [record] = await logged(tier)
        assert (answer["replayable"], record.kind, record.inputs, record.skus) == (False, "compact", None, ["a"])


@pytest.mark.parametrize("why", ["degraded", "empty", "explained"])
async def test_an_unusual_answer_is_logged_in_full(why: str) -> None:
    encoding = FakeEncoding(Unavailable("away")) if why == "degraded" else None
    hits = [] if why == "empty" else [hit("a")]
    async with Tier([[FakeShard(hits=hits)]], encoding=encoding, served_full_share=0) as tier:
        answer = await tier.search(text="lamp", explain=why == "explained")
        [record] = await logged(tier)
        assert (answer["replayable"], record.kind) == (True, "full")


async def test_when_the_queue_is_full_records_are_dropped_and_counted() -> None:
    async with Tier([[FakeShard()]], served_full_share=1, served_queue_max=1) as tier:
        assert (await tier.search(text="lamp"))["replayable"] is True
        assert (await tier.search(text="lamp"))["replayable"] is False
        assert len(await logged(tier)) == 1
        assert tier.counted("freshet_served_dropped_total") == 1


@pytest.mark.parametrize("late", [False, True])
async def test_what_kafka_does_not_take_is_dropped_and_counted(late: bool) -> None:
    async with Tier([[FakeShard()]], producer=Failing(0, Overloaded("full"), late)) as tier:
        await tier.search(text="lamp")
        await tier.wiring.served.close()
        await asyncio.sleep(0)
        assert tier.counted("freshet_served_dropped_total") == 1


async def test_closing_sends_what_waits() -> None:
    async with Tier([[FakeShard()]]) as tier:
        for _ in range(3):
            await tier.search(text="lamp")
        await tier.wiring.served.close()
        assert tier.log.begin_end("served", 0) == (0, 3)


def test_the_share_follows_from_the_id_alone() -> None:
    log = ServedLog(FakeReader(), "served", 0.1, Metrics())
    taken = [log.wants_full(f"request-{number}") for number in range(10_000)]
    assert taken == [log.wants_full(f"request-{number}") for number in range(10_000)]
    assert 900 < sum(taken) < 1_100
    assert not ServedLog(FakeReader(), "served", 0.0, Metrics()).wants_full("a")
    assert ServedLog(FakeReader(), "served", 1.0, Metrics()).wants_full("a")
