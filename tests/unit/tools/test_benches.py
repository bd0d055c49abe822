"""The benchmarks against a shop in memory: what they count, and that they clean up."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bench.evaluate import evaluate_search, read_folder
from bench.freshness import Load, measure_freshness, product, shows
from bench.metrics_page import sum_of
from bench.open_loop import Overrun, open_loop
from bench.search import REPLACED_AFTER_S, built_in_queries, measure_search, read_queries
from bench.shop import ShopError, event_order, stage_times
from tests.unit.tools.fake_shop import FakeShop
from tests.waiting import LIMIT_S


@pytest.fixture(autouse=True)
def nothing_to_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop in memory leaves nothing under way between two phases."""
    monkeypatch.setattr("bench.search.SETTLE_S", 0.0)


async def test_freshness_finds_every_change_and_deletes_its_products() -> None:
    shop = FakeShop()
    async with TestServer(shop.app()) as server:
        load = Load(rate_per_s=100, seconds=0.1, poll_ms=1, timeout_s=5)
        figures = await measure_freshness(str(server.make_url("/")), load, run="b")
    for phase in ("upserts", "prices"):
        assert figures[phase]["count"] == 10
        assert figures[phase]["timeouts"] == 0
        assert figures[phase]["texts_encoded"] is None
    journeys = figures["journeys"]
    assert (journeys["told"]["count"], journeys["shown"]["count"], journeys["timeouts"]) == (10, 10, 0)
    assert journeys["answer"]["count"] == 20, "the first of each does not know it yet"
    assert shop.products == {}
    assert all(len(asked["filters"]["brand"]) == 1 for asked in shop.searches)  # type: ignore[index]


async def test_a_counter_that_began_again_is_not_known() -> None:
    shop, counted = FakeShop(), [100, 130, 20]

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=f'freshet_texts_encoded_total{{process="embed"}} {counted.pop(0)}\n')

    app = shop.app()
    app.router.add_get("/metrics", metrics)
    async with TestServer(app) as server:
        pages = [str(server.make_url("/metrics"))]
        figures = await measure_freshness(
            str(server.make_url("/")), Load(100, 0.02), run="b", embed_metrics=pages, journeys=False
        )
    assert (figures["upserts"]["texts_encoded"], figures["prices"]["texts_encoded"]) == (30, None)


async def test_freshness_counts_what_is_never_found() -> None:
    shop = FakeShop()
    shop.unserved = {"b-1"}
    async with TestServer(shop.app()) as server:
        load = Load(rate_per_s=100, seconds=0.03, poll_ms=5, timeout_s=0.2)
        figures = await measure_freshness(str(server.make_url("/")), load, run="b", prices=False, journeys=False)
    assert (figures["upserts"]["count"], figures["upserts"]["timeouts"]) == (2, 1)
    assert shop.products == {}


def test_an_older_order_or_rank_eleven_does_not_show_the_change() -> None:
    hit = {"sku": "s", "content_order": [1, 5], "offer_order": None}
    others = [{"sku": "x", "content_order": [1, 9]}] * 10
    assert shows({"hits": [hit]}, "s", "content_order", (1, 5))
    assert not shows({"hits": [hit]}, "s", "content_order", (1, 6))
    assert not shows({"hits": [hit]}, "s", "offer_order", (1, 0))
    assert not shows({"hits": [*others, hit]}, "s", "content_order", (1, 5))
    assert not shows({}, "s", "content_order", (1, 5))


async def test_search_counts_both_phases_and_deletes_what_it_streamed() -> None:
    shop = FakeShop()
    async with TestServer(shop.app()) as server:
        figures = await measure_search(
            str(server.make_url("/")), ["a", "b"], rates=[100, 50], seconds=0.1, events_per_s=50, run="b"
        )
    assert [phase["qps"] for phase in figures["rates"]] == [100, 50]
    quick, slow = figures["rates"]
    assert quick["static"]["count"] == quick["streaming"]["count"] == 10 and slow["streaming"]["count"] == 5
    assert quick["static"]["empty"] == 10
    assert quick["streaming"]["events"] == 5
    assert quick["static"]["stages"]["shard-0"] == {"count": 10, "p50": 2.5, "p95": 2.5, "p99": 2.5, "max": 2.5}
    assert quick["static"]["stages"]["tier"]["count"] == 10
    assert shop.products == {}


async def test_streamed_products_are_replaced_by_newer_versions() -> None:
    shop = FakeShop()
    async with TestServer(shop.app()) as server:
        url = str(server.make_url("/"))
        figures = await measure_search(
            url, ["a"], rates=[10], seconds=2 * REPLACED_AFTER_S / 10, events_per_s=100, run="b", body={"mode": "words"}
        )
    assert figures["rates"][0]["streaming"]["events"] == 100 and figures["asked"] == {"limit": 10, "mode": "words"}


@pytest.mark.parametrize(("share", "texts"), [(0.1, 10), (0.5, 50), (1.0, 100)])
async def test_of_the_changes_a_share_has_new_texts_and_the_others_are_prices(share: float, texts: int) -> None:
    shop = FakeShop()
    async with TestServer(shop.app()) as server:
        url = str(server.make_url("/"))
        figures = await measure_search(url, ["a"], rates=[10], seconds=1, events_per_s=100, run="b", texts_share=share)
    streaming = figures["rates"][0]["streaming"]
    assert (streaming["events"], streaming["texts"]) == (100, texts)
    assert shop.products == {}


async def test_degraded_and_failed_searches_are_counted() -> None:
    shop = FakeShop()
    shop.degraded = ["encode"]
    async with TestServer(shop.app()) as server:
        url = str(server.make_url("/"))
        degraded = await measure_search(url, ["a"], rates=[100], seconds=0.03, events_per_s=0, run="b")
    failed = await measure_search(url, ["a"], rates=[100], seconds=0.03, events_per_s=0, run="b")
    assert degraded["rates"][0]["static"]["degraded"] == 3
    assert failed["rates"][0]["static"]["errors"] == 3
    assert failed["rates"][0]["static"]["p50"] is None


async def test_the_schedule_does_not_wait_for_answers() -> None:
    begun: list[float] = []
    release = asyncio.Event()

    async def slow(number: int, intended_s: float) -> None:
        begun.append(intended_s)
        if len(begun) == 5:
            release.set()
        await release.wait()  # a closed loop would wait here for ever

    async with asyncio.timeout(LIMIT_S):
        assert await open_loop(100, 0.05, slow) == 5
    assert [round(later - begun[0], 6) for later in begun] == [0.0, 0.01, 0.02, 0.03, 0.04]


@pytest.mark.parametrize("extra", [0, 1])
async def test_unanswered_requests(monkeypatch: pytest.MonkeyPatch, extra: int) -> None:
    monkeypatch.setattr("bench.open_loop.OUTSTANDING_MAX", 20)
    begun: list[int] = []

    async def slow(number: int, _: float) -> None:
        begun.append(number)
        while len(begun) < 20 + extra:  # the last one that may be unanswered answers them all
            await asyncio.sleep(0.001)

    if extra:
        with pytest.raises(ExceptionGroup) as raised:
            await open_loop(10_000, 0.0021, slow)
        assert raised.group_contains(Overrun, match="20 requests are unanswered")
    else:
        assert await open_loop(10_000, 0.0020, slow) == 20


async def test_evaluate_reads_the_folder_and_asks_for_100(tmp_path: Path) -> None:
    (tmp_path / "queries_dev.csv").write_text("query_id,query\nq1,lamp\nq2,nothing rated\n", encoding="utf-8")
    (tmp_path / "qrels_dev.csv").write_text("query_id,product_id,rating\nq1,b-0,3\nq1,gone,1\n", encoding="utf-8")
    shop = FakeShop()
    queries, ratings = read_folder(tmp_path)
    async with TestServer(shop.app()) as server:
        url = str(server.make_url("/"))
        await measure_freshness(url, Load(100, 0.01), run="a", prices=False)
        async with asyncio.timeout(LIMIT_S):
            one = await evaluate_search(url, queries, ratings, ["words"])
            both = await evaluate_search(url, queries, ratings, ["words", "hybrid"])
    empty = {"ndcg10_full": 0.0, "ndcg10_condensed": 0.0, "judged10": 0.0, "recall100": 0.0}
    figures = {**empty, "zero_results": 2, "queries": 1, "intervals": {name: [0.0, 0.0] for name in empty}}
    assert one == {"words": figures}
    assert both == {
        "words": figures,
        "hybrid": figures,
        "pairs": {"hybrid - words": {name: [0.0] * 3 for name in empty}},
    }
    assert (shop.searches[-1]["limit"], shop.searches[-1]["mode"]) == (100, "hybrid")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no queries_"),
        ({"queries_a.csv": "query_id,query\nq,x\n"}, "holds no qrels_"),
        ({"queries_a.csv": "query_id,text\nq,x\n"}, "no column query"),
    ],
)
def test_a_folder_that_cannot_be_judged_says_what_is_missing(tmp_path: Path, files: dict[str, str], says: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=says):
        read_folder(tmp_path)


def test_queries_and_products_are_all_different() -> None:
    queries = built_in_queries()
    assert len(queries) == len(set(queries)) == 6000
    made = [product("r", number) for number in range(2000)]
    assert len({item["title"] for item in made}) == len({item["brand"] for item in made}) == 2000


def test_a_csv_without_queries_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("text\nlamp\n", encoding="utf-8")
    with pytest.raises(ValueError, match="query"):
        read_queries(tmp_path / "q.csv")


def test_reading_answers() -> None:
    assert event_order({"events": [{"event_id": "2-0-17"}]}) == (2, 17)
    with pytest.raises(ShopError):
        event_order({"events": [{"error": {}}]})
    assert stage_times("tier;dur=3.0, shard-0;dur=0.25,cache") == {"tier": 3.0, "shard-0": 0.25}
    assert stage_times("") == {}
    page = '# HELP x y\nx_total{process="embed"} 3.0\nx_total{process="b"} 4.0\nx_total_created 9.0\n'
    assert sum_of(page, "x_total") == 7.0
