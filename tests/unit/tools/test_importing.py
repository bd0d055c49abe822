"""An import from the file to the last outcome, over HTTP, against a shop that misbehaves on demand."""

import asyncio
import gzip
import io
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestServer

from freshet.http_door import HttpDoor
from freshet.imports.importing import Import
from freshet.imports.mapping_file import parse_mapping
from freshet.imports.plan import ImportPlan
from freshet.imports.product_lines import Ready, Refused, prepare
from freshet.imports.readers.jsonl import JsonLines
from freshet.imports.readers.rows import ROW_BYTES_MAX, Row
from freshet.imports.rejected import RejectedFile
from freshet.imports.settling import Drained, OutcomeFollower, Settled, settle
from freshet.progress import PlainLines
from schemas.errors import InvalidRequest, SettingsError, Unavailable
from schemas.limits import EVENT_BYTES_MAX
from tests.unit.tools.fake_shop import FakeShop


def write(path: Path, lines: list[Any]) -> Path:
    text = b"".join(line if isinstance(line, bytes) else orjson.dumps(line) + b"\n" for line in lines)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def products(count: int) -> list[dict[str, Any]]:
    return [{"sku": f"s{number}", "title": f"Product {number}"} for number in range(count)]


async def run(
    shop: FakeShop, file: Path, *, stop: asyncio.Event | None = None, stall_s: float = 5.0, **plan: Any
) -> tuple[Import, Settled]:
    stop = stop or asyncio.Event()
    show = PlainLines(io.StringIO())
    async with TestServer(shop.app()) as server, HttpDoor(str(server.make_url("/"))) as door:
        outcomes = OutcomeFollower(shop.log, 1, 1)
        planned = ImportPlan(JsonLines(file), None, RejectedFile(file.with_suffix(".rejected")), **plan)
        work = Import(planned, door, show, stop, time.monotonic)
        await work.run()
        settled = await settle(
            work.ledger,
            work.sample,
            outcomes,
            door,
            show=show,
            rejected=work.tally.rejected,
            stop=stop,
            clock=time.monotonic,
            stall_s=stall_s,
        )
    return work, settled


@pytest.mark.parametrize("name", ["products.jsonl", "products.jsonl.gz"])
async def test_every_line_is_accounted_for(tmp_path: Path, name: str) -> None:
    shop = FakeShop()
    work, settled = await run(shop, write(tmp_path / name, products(450)), batch=100)
    assert len(shop.products) == 450
    assert work.tally.acknowledged == work.tally.sent == 450
    assert work.ledger.outcomes()["indexed"] == 450
    assert work.ledger.unaccounted == 0
    assert settled.searchable
    assert settled.sampled == 200
    assert settled.missing == []
    assert not work.rejected_path.exists()


async def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    shop, file = FakeShop(), write(tmp_path / "p.jsonl", products(50))
    await run(shop, file)
    work, settled = await run(shop, file)
    assert work.ledger.outcomes()["unchanged"] == 50
    assert settled.missing == []


async def test_rejected_lines_are_kept_with_their_reason(tmp_path: Path) -> None:
    good = {"sku": "a", "title": "A"}
    lines = [good, b"{cut\n", {"sku": "b"}, b"\n", [1], {"sku": "c", "title": "C"}]
    shop = FakeShop()
    work, settled = await run(shop, write(tmp_path / "p.jsonl", lines))
    assert set(shop.products) == {"a", "c"}
    assert (work.tally.lines, work.tally.acknowledged, work.tally.sent, work.tally.rejected) == (5, 2, 2, 3)
    kept = [orjson.loads(line) for line in work.rejected_path.read_bytes().splitlines()]
    assert {line["number"]: line["reason"] for line in kept} == {
        2: "malformed_json",
        3: "invalid_field",
        5: "not_an_object",
    }
    refused = next(line for line in kept if line["number"] == 3)
    assert refused["problems"][0][0] == "title"
    assert orjson.loads(refused["original"])["sku"] == "b"
    assert settled.searchable


async def test_a_file_of_nothing_but_bad_lines_is_no_error_of_the_import(tmp_path: Path) -> None:
    work, _ = await run(FakeShop(), write(tmp_path / "p.jsonl", [{"sku": "b"}]))
    assert (work.tally.acknowledged, work.tally.rejected) == (0, 1)


async def test_429_and_503_are_obeyed_and_nothing_is_lost(tmp_path: Path) -> None:
    shop = FakeShop()
    shop.refusals = [429, 503, 429]
    work, _ = await run(shop, write(tmp_path / "p.jsonl", products(20)), batch=10)
    assert len(shop.products) == 20
    assert work.tally.slowed == 3
    assert work.ledger.outcomes()["indexed"] == 20


async def test_lines_that_kafka_did_not_take_are_sent_again(tmp_path: Path) -> None:
    shop = FakeShop()
    shop.not_taken = {2, 3}
    work, _ = await run(shop, write(tmp_path / "p.jsonl", products(5)))
    assert len(shop.products) == 5
    assert shop.writes == 2
    assert work.tally.acknowledged == 5


async def test_events_of_one_sku_keep_the_order_of_the_file(tmp_path: Path) -> None:
    shop = FakeShop()
    shop.refusals = [429]  # the first request is put off: without waiting the second would overtake it
    lines = [{"sku": "s", "title": f"Version {number}"} for number in range(4)]
    await run(shop, write(tmp_path / "p.jsonl", lines), batch=1)
    assert shop.products["s"].title == "Version 3"


async def test_an_event_without_an_outcome_is_unaccounted(tmp_path: Path) -> None:
    shop = FakeShop()
    shop.silent = {"s3"}
    work, settled = await run(shop, write(tmp_path / "p.jsonl", products(5)), stall_s=0.2)
    assert work.ledger.unaccounted == 1
    assert settled.missing == ["s3"]


async def test_a_stage_that_does_not_drain_is_not_called_searchable(tmp_path: Path) -> None:
    shop = FakeShop()
    shop.lag = 7
    _, settled = await run(shop, write(tmp_path / "p.jsonl", products(5)), stall_s=0.2)
    assert not settled.searchable


async def test_a_product_that_is_not_served_is_named(tmp_path: Path) -> None:
    shop = FakeShop()
    shop.unserved = {"s2"}
    _, settled = await run(shop, write(tmp_path / "p.jsonl", products(5)), stall_s=0.2)
    assert settled.missing == ["s2"]


async def test_stopping_ends_early_and_says_how_far_it_came(tmp_path: Path) -> None:
    shop, stop = FakeShop(), asyncio.Event()
    stop.set()
    work, _ = await run(shop, write(tmp_path / "p.jsonl", products(1000)), stop=stop)
    assert work.tally.acknowledged == work.tally.sent == len(shop.products) < 1000


async def test_limit_counts_lines(tmp_path: Path) -> None:
    work, _ = await run(FakeShop(), write(tmp_path / "p.jsonl", products(9)), limit=4)
    assert work.tally.lines == work.tally.acknowledged == 4


async def test_nothing_there_says_how_to_start_it() -> None:
    async with HttpDoor("http://127.0.0.1:1") as door:
        with pytest.raises(Unavailable, match="nothing answers") as caught:
            await door.get("/v1/freshness")
    assert "freshet up" in caught.value.hint


async def test_a_refusal_carries_what_the_server_said() -> None:
    async with TestServer(FakeShop().app()) as server, HttpDoor(str(server.make_url("/"))) as door:
        with pytest.raises(InvalidRequest, match="there is no product") as caught:
            await door.get("/v1/skus/none")
        assert caught.value.code == "unknown_sku"
        assert await door.product("none") is None


@pytest.mark.parametrize(("extra", "too_long"), [(0, False), (1, True)])
def test_the_longest_line(tmp_path: Path, extra: int, too_long: bool) -> None:
    line = b"x" * (ROW_BYTES_MAX + extra) + b"\n"
    found = list(JsonLines(write(tmp_path / "p.jsonl", [line, {"sku": "after"}])).rows())
    reasons = [row.problem.reason if row.problem else "" for row in found]
    assert reasons == ["too_large" if too_long else "malformed_json", ""]
    assert (found[1].number, found[1].value) == (2, {"sku": "after"})


@pytest.mark.parametrize("extra", [0, 1])
def test_the_largest_event(extra: int) -> None:
    empty = len(orjson.dumps({"type": "upsert", "sku": "s", "title": ""}))
    made = prepare(Row(1, {"sku": "s", "title": "x" * (EVENT_BYTES_MAX - empty + extra)}), None)
    assert isinstance(made, Refused if extra else Ready)


def test_a_mapped_line_is_counted_with_its_cuts() -> None:
    mapping = parse_mapping('fields = { sku = "id", title = { from = "name", chars_max = 2 } }')
    row = Row(3, {"id": 7, "name": "Lamp"})
    assert prepare(row, mapping) == Ready(row, "7", b'{"type":"upsert","sku":"7","title":"La"}', 1)


def test_a_cut_gzip_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    file = write(tmp_path / "p.jsonl.gz", products(1000))
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(SettingsError, match=r"p\.jsonl\.gz"):
        list(JsonLines(file).rows())


def lags(catalog: int, contents: int, documents: int | None, age_s: float = 0.0) -> dict[str, Any]:
    names = {"catalog_lag": catalog, "contents_lag": contents, "documents_lag": documents, "offers_lag": 0}
    return {"partitions": [{"partition": 0, **names}], "age_s": age_s}


def test_stages_are_passed_one_after_the_other_while_others_go_on_writing() -> None:
    drained = Drained(since_s=10.0)
    assert not drained.observe(11.0, lags(0, 5, 0))
    assert not drained.observe(12.0, lags(3, 0, 4))
    assert not drained.observe(13.0, lags(3, 2, None))
    assert drained.observe(14.0, lags(3, 2, 0))


def test_lags_from_before_the_last_acknowledgement_do_not_count() -> None:
    drained = Drained(since_s=10.0)
    assert not drained.observe(10.5, lags(0, 0, 0, age_s=0.6))
    assert drained.observe(10.5, lags(0, 0, 0, age_s=0.4))
