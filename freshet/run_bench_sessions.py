"""What `freshet bench sessions` does: clicks on the running stack, faults on a Redis and a query tier of its own."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.redis_talk import say
from bench.run_name import run_name
from bench.search import built_in_queries
from bench.session_memory import measure_memory
from bench.sessions import Harm, Rates, measure_own_click, measure_search
from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines
from freshet.run_bench import PERCENTILES, measured, row
from freshet.runtime.embedded import EmbeddedServer
from freshet.runtime.ports import LOOPBACK, free_port
from freshet.runtime.redis_server import EmbeddedRedis
from freshet.runtime.stack import http_answers, module
from freshet.target import Target, find_target
from schemas.errors import SettingsError
from schemas.settings import as_environ

PHASES = ("without_session", "up", "full", "frozen", "stopped")


def sessions(rates: Rates, count: int, data: Path | None, as_json: bool) -> int:
    """MISMATCH when a click was never seen or a search failed."""
    target = find_target("", data)
    figures: dict[str, Any] = {"unit": "ms"}
    figures["own_click"] = measured(measure_own_click(target.url, rates, run_name(), target.key))
    with tempfile.TemporaryDirectory() as folder:
        redis = EmbeddedRedis(Path(folder))
        redis.start()
        try:
            figures["memory"] = measured(measure_memory(redis.port, count))
            say(redis.port, "FLUSHALL")
            figures["search"] = _search(target, redis, Path(folder), rates)
        finally:
            redis.stop()
    if as_json:
        print_json(figures)
    else:
        print_lines(session_lines(figures))
    failed = figures["own_click"]["timeouts"] or any(figures["search"][name]["errors"] for name in PHASES)
    return MISMATCH if failed else OK


def _search(target: Target, redis: EmbeddedRedis, folder: Path, rates: Rates) -> dict[str, Any]:
    """On a query tier of its own, so that its Redis can be harmed; the shards are those of the stack."""
    shard = next((url for name, url in target.metrics.items() if name.split("-")[0] == "shard"), None)
    if shard is None:
        raise SettingsError("there is no shard process of a stack on this machine", hint="start one: freshet up")
    address = shard.removesuffix("/metrics")
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRESHET_")} | as_environ(
        {
            "kafka": target.kafka,
            "redis_url": redis.url,
            "generation": target.generation,
            "partitions": target.partitions,
            "shards": [address] * target.partitions,
            "data": target.data,
            "port": port,
        }
    )
    tier = EmbeddedServer("serving", folder)
    tier.launch(list(module("serving")), environ, lambda: http_answers(port, "/readyz"))
    try:
        return dict(
            measured(
                measure_search(
                    f"http://{LOOPBACK}:{port}",
                    redis.url,
                    target.generation,
                    built_in_queries(),
                    rates,
                    harms(redis),
                )
            )
        )
    finally:
        tier.stop()


def harms(redis: EmbeddedRedis) -> list[Harm]:
    """Full, not answering, gone: in this order, because the last one forgets everything."""

    def fill() -> None:
        say(redis.port, "CONFIG SET maxmemory-policy noeviction")
        say(redis.port, "CONFIG SET maxmemory 1")

    return [
        Harm("full", fill, lambda: say(redis.port, "CONFIG SET maxmemory 0")),
        Harm(
            "frozen",
            lambda: os.kill(redis.pid, signal.SIGSTOP),
            lambda: os.kill(redis.pid, signal.SIGCONT),
        ),
        Harm("stopped", redis.kill, lambda: None),
    ]


def session_lines(figures: dict[str, Any]) -> Iterator[str]:
    own = figures["own_click"]
    yield f"ms from the acknowledgement of a click until a search reads it, {own['clicks_per_s']:g}/s"
    yield row("", ["clicks", *PERCENTILES, "timeouts"])
    yield row("own click", [own[name] for name in ("count", *PERCENTILES, "timeouts")])
    yield row("  ack", [own["ack_ms"][name] for name in ("count", *PERCENTILES)])
    memory = figures["memory"]
    yield (
        f"{memory['sessions']:,} sessions of {memory['items']} products take {memory['histories_mb']:,} MB in Redis, "
        f"{memory['with_vectors_mb']:,} MB with every vector; {memory['clicks_per_s']:,} clicks/s counted"
    )
    yield f"ms of a search from the intended send time, {figures['search']['searches_per_s']:g}/s"
    yield row("Redis", ["searches", *PERCENTILES, "errors", "personal", "left out"])
    for name in PHASES:
        phase = figures["search"][name]
        cells = [phase[key] for key in ("count", *PERCENTILES, "errors", "personal", "session_left_out")]
        yield row(name.replace("_", " "), cells)
