"""How every process is: up, starting or down, since when, and why."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from schemas.errors import SettingsError
from schemas.settings import ServingSettings
from serving.live import workers_of
from serving.processes import (
    KAFKA_SILENT_S,
    REASON_CHARS_MAX,
    Probe,
    ProcessWatch,
    ask,
    kafka_probe,
    redis_probe,
    tier_probe,
    watching,
)
from tests.unit.serving.fakes import Lines
from tests.waiting import LIMIT_S

FACTS = {"process": "embed", "version": "1.2.3", "pid": 42, "uptime_s": 3.5}


@asynccontextmanager
async def worker(health: Any, ready: Any = None) -> AsyncIterator[str]:
    """A health page that says these things."""

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response(health)

    async def readyz(request: web.Request) -> web.Response:
        return web.json_response(ready, status=503)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def asked(address: str, timeout_s: float = LIMIT_S) -> Probe:
    async with aiohttp.ClientSession() as session:
        return await ask(session, address, timeout_s)


async def test_one_that_is_ready_is_up() -> None:
    async with worker(FACTS | {"ready": True}) as address:
        assert await asked(address) == Probe(state="up", version="1.2.3", pid=42, uptime_s=3.5)


async def test_one_that_is_not_ready_says_why() -> None:
    async with worker(FACTS | {"ready": False}, {"reason": "catching up " * 100}) as address:
        found = await asked(address)
        assert (found.state, found.pid, len(found.reason)) == ("starting", 42, REASON_CHARS_MAX)


async def test_one_that_does_not_listen_is_down() -> None:
    assert (await asked(f"http://127.0.0.1:{unused_port()}")).reason == "nobody answers"


async def test_one_that_takes_the_connection_and_says_nothing_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        found = await asked(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout_s=0.05)
    assert (found.state, found.reason) == ("down", "no answer within 0.05 s")


@pytest.mark.parametrize("health", [[], "up", {"ready": True, "pid": "many"}])
async def test_nonsense_is_no_health_page(health: Any) -> None:
    async with worker(health) as address:
        assert (await asked(address)).state == "down"


@pytest.mark.parametrize(
    ("silent_s", "uptime_s", "state"),
    [
        (KAFKA_SILENT_S - 0.1, 0.0, "up"),
        (KAFKA_SILENT_S, KAFKA_SILENT_S - 0.1, "starting"),
        (KAFKA_SILENT_S, KAFKA_SILENT_S, "down"),
    ],
)
def test_kafka_is_down_when_it_has_been_silent(silent_s: float, uptime_s: float, state: str) -> None:
    assert kafka_probe(silent_s, uptime_s).state == state


def test_redis_and_the_tier() -> None:
    assert (redis_probe(True).state, redis_probe(False).state) == ("up", "down")
    assert tier_probe([], "1", 2.0).state == "up"
    assert tier_probe(["shard-0", "encoder"], "1", 2.0).reason == "waits for shard-0, encoder"


class Watched:
    def __init__(self, *names: str) -> None:
        self.now_ms = 0
        self.news = 0
        self.watch = ProcessWatch(list(names), lambda: self.now_ms, self._changed)

    def _changed(self) -> None:
        self.news += 1

    def states(self) -> list[tuple[str, str, int]]:
        return [(one.name, one.state, one.since_ms) for one in self.watch.now().processes]


def test_since_when_a_state_is_seen_and_when_it_is_news() -> None:
    watched = Watched("embed")
    assert watched.states() == [("embed", "starting", 0)]
    for now_ms, probe, since_ms, news in (
        (10, Probe(state="up", pid=1), 10, 1),
        (20, Probe(state="up", pid=1, uptime_s=3), 10, 1),
        (30, Probe(state="up", pid=2), 30, 2),  # restarted between two looks
        (40, Probe(state="down", reason="nobody answers", pid=2), 40, 3),
        (50, Probe(state="down", reason="no answer within 1 s", pid=2), 40, 4),
    ):
        watched.now_ms = now_ms
        watched.watch.saw("embed", probe)
        assert (watched.states(), watched.news) == ([("embed", probe.state, since_ms)], news)


async def test_one_that_hangs_does_not_hold_up_the_others() -> None:
    watched = Watched("deaf", "good")
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        async with worker(FACTS | {"ready": True}) as address, aiohttp.ClientSession() as session:
            addresses = {"deaf": f"http://127.0.0.1:{deaf.getsockname()[1]}", "good": address}
            async with watching(addresses, session, watched.watch, Lines()), asyncio.timeout(LIMIT_S):
                while watched.states()[1][1] != "up":
                    await asyncio.sleep(0.01)
                assert watched.states()[0][1] == "starting"


def test_the_setting_names_each_process_once() -> None:
    settings = ServingSettings(processes=["catalog=127.0.0.1:1/", "embed = http://e:2"])
    assert workers_of(settings) == {"catalog": "http://127.0.0.1:1", "embed": "http://e:2"}


@pytest.mark.parametrize("entry", ["catalog", "=a:1", "catalog=", "embed=b:2"])
def test_a_wrong_setting_is_refused(entry: str) -> None:
    with pytest.raises(SettingsError, match="FRESHET_PROCESSES"):
        workers_of(ServingSettings(processes=["embed=a:1", entry]))
