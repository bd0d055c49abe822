"""The command for sessions and its benchmark, against a shop in memory and a real Redis."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bench.redis_talk import say, used_bytes
from bench.session_memory import measure_memory
from bench.sessions import PRODUCTS, Harm, Rates, measure_own_click, measure_search
from bench.shop import ShopError
from freshet.run_bench_sessions import session_lines
from freshet.run_sessions import forget_session, show_session
from freshet.runtime.redis_server import EmbeddedRedis
from schemas.errors import FreshetError
from schemas.events import Upsert
from schemas.records import Order
from tests.unit.tools.fake_shop import FakeShop

SETTLE_S = 0.1
"""Instead of the benchmark's: a shop in memory needs less."""
RATES = Rates(clicks_per_s=100, searches_per_s=50, seconds=0.1, timeout_s=0.3)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


async def test_own_clicks_are_seen_and_the_products_are_removed() -> None:
    shop = FakeShop()
    async with TestServer(shop.app()) as server:
        figures = await measure_own_click(str(server.make_url("/")), RATES, "b")
    assert (figures["count"], figures["timeouts"], figures["ack_ms"]["count"]) == (10, 0, 10)
    assert len(shop.sessions) == 10 and shop.products == {} and len(shop.content_order) == PRODUCTS


async def test_a_click_that_is_never_seen_is_a_timeout() -> None:
    shop = FakeShop()
    shop.deaf = {"b-3"}
    async with TestServer(shop.app()) as server:
        figures = await measure_own_click(str(server.make_url("/")), RATES, "b")
    assert (figures["count"], figures["timeouts"]) == (9, 1)


async def test_searches_are_counted_by_phase(redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.sessions.SETTLE_S", SETTLE_S)
    shop, done = FakeShop(), []
    shop.products["lamp"] = Upsert(type="upsert", sku="lamp", title="A lamp")
    shop.content_order["lamp"] = shop.offer_order["lamp"] = Order(1, 0)
    shop.sessions = {f"bench-{number}": "lamp" for number in range(200)}

    def begin() -> None:
        done.append("begin")
        shop.sessions, shop.degraded = {}, ["session"]

    harms = [Harm("gone", begin, lambda: done.append("end"))]
    async with TestServer(shop.app()) as server:
        url = str(server.make_url("/"))
        figures = await measure_search(url, redis.url, 1, ["lamp"], RATES, harms)
        assert done == ["begin", "end"]
        counted = {name: (one["count"], one["personal"], one["session_left_out"]) for name, one in _phases(figures)}
        assert counted == {"without_session": (5, 0, 0), "up": (5, 5, 0), "gone": (5, 0, 5)}
        assert sum("session" in asked for asked in shop.searches) == 2 * round((SETTLE_S + 0.1) * 50)
        shop.products.clear()
        with pytest.raises(ShopError, match="empty"):
            await measure_search(url, redis.url, 1, ["lamp"], RATES, harms)


def _phases(figures: dict[str, object]) -> list[tuple[str, dict[str, int]]]:
    return [(name, one) for name, one in figures.items() if isinstance(one, dict)]


async def test_memory_grows_with_histories_and_then_with_vectors(redis: EmbeddedRedis) -> None:
    figures = await measure_memory(redis.port, 300)
    assert (figures["sessions"], figures["items"]) == (300, 20)
    assert 400 < figures["history_bytes"] < 2_000 and 700 < figures["vector_bytes"] < 2_000
    assert used_bytes(redis.port) > 300 * figures["history_bytes"]
    assert say(redis.port, "PING") == "+PONG"


@contextmanager
def served(shop: FakeShop) -> Iterator[str]:
    """The shop in a thread of its own: the commands run a loop themselves."""
    loop, url, stop = asyncio.new_event_loop(), [""], asyncio.Event()
    ready = threading.Event()

    async def serve() -> None:
        runner = web.AppRunner(shop.app())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url[0] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield url[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def test_a_session_is_shown_and_forgotten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = FakeShop()
    shop.sessions["a/b"] = "lamp"
    with served(shop) as url:
        assert show_session("a/b", url, tmp_path, False) == 0
        assert "lamp" in capsys.readouterr().out
        assert forget_session("a/b", url, tmp_path, False) == 0
        assert capsys.readouterr().out == "a/b: forgotten\n"
        with pytest.raises(FreshetError, match="nothing is known"):
            show_session("a/b", url, tmp_path, False)
        assert forget_session("a/b", url, tmp_path, True) == 0
        assert orjson.loads(capsys.readouterr().out) == {"session": "a/b", "items": False}


def test_figures_are_rows() -> None:
    own = {"count": 2, "p50": 1.0, "p95": 2.0, "p99": 2.0, "max": 2.0, "timeouts": 0, "clicks_per_s": 10.0}
    phase = own | {"errors": 0, "personal": 2, "session_left_out": 0}
    memory = {"sessions": 1_000, "items": 20, "histories_mb": 1.5, "with_vectors_mb": 2.5, "clicks_per_s": 9_000}
    names = ("without_session", "up", "full", "frozen", "stopped")
    search = {"searches_per_s": 30.0, **dict.fromkeys(names, phase)}
    lines = list(session_lines({"own_click": own | {"ack_ms": own}, "memory": memory, "search": search}))
    assert [line.split("  ")[0] for line in lines[-5:]] == ["without session", "up", "full", "frozen", "stopped"]
    assert "1,000 sessions of 20 products take 1.5 MB" in lines[4]
