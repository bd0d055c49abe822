"""One look at a stack: everybody is asked side by side, and whoever is away leaves a gap and a complaint, no error."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import urlsplit

from freshet.http_page import NOBODY, Page, look
from freshet.runtime import kafka, redis_server
from freshet.runtime.ports import LOOPBACK
from freshet.status import log as its_log
from freshet.status import stored, tier
from freshet.status.judge import complaints
from freshet.status.processes import from_page, processes_of
from freshet.status.report import DeadLetterStatus, Status, StepStatus
from freshet.status.standing import standings
from freshet.status.where import Where
from schemas.errors import FreshetError

T = TypeVar("T")
REDIS_PORT = 6379


@dataclass(frozen=True)
class FromLog:
    """What only Kafka knows."""

    dead_letters: DeadLetterStatus | None = None
    workers: Sequence[StepStatus] = ()
    clicks: Sequence[StepStatus] = ()


def look_at(where: Where) -> Status:
    """Never raises because a part is down."""
    state = where.state
    with ThreadPoolExecutor(8) as threads:
        pages = {
            path: threads.submit(look, where.url, path, where.key) if where.url else None
            for path in ("/v1/status", "/v1/freshness", "/v1/processes")
        }
        local = threads.submit(processes_of, state.children if state else [], where.url)
        kafka_up = threads.submit(kafka_answers, where.kafka)
        redis_up = threads.submit(redis_answers, where.redis_url)
        disk = threads.submit(stored.disk, where.data) if where.data and state else None
        status, freshness, around = (page.result() if page else NOBODY for page in pages.values())
        processes, health = local.result()
        from_log = _ask_log(where, health, bare=freshness.status != 200) if kafka_up.result() else FromLog()
        if state is None:
            processes = from_page(around)
        snapshots = stored.newest_snapshots(where.data, where.generation) if where.data and state else []
        used = disk.result() if disk else None
    shown = state.state if state and (where.supervised or state.state == "stopped") else "killed" if state else "remote"
    kafka_is = _known(kafka_up.result(), status, "kafka")
    redis_is = _known(redis_up.result(), status, "redis")
    running = where.supervised or any(process.alive for process in processes) or status.status != 0
    wrong = complaints(shown, processes, status, kafka_is, redis_is, snapshots, used, where.option) if running else []
    return Status(
        running=running,
        well=running and not wrong,
        complaints=wrong,
        state=shown if where.url or state else "stopped",
        version=version("freshet"),
        url=where.url,
        kafka=where.kafka,
        redis_url=where.redis_url,
        data=str(where.data or ""),
        pid=state.pid if state and where.supervised else None,
        kafka_up=kafka_is if running else None,
        redis_up=redis_is if running else None,
        encoder=status.body.get("encoder") or None,
        children=processes,
        steps=_steps(where, freshness, status, health, from_log),
        freshness=tier.freshness_of(freshness),
        counts=tier.counts(status),
        replicas=standings(status, time.time_ns() // 1_000_000),
        dead_letters=from_log.dead_letters,
        snapshots=snapshots,
        disk=used,
    )


def _steps(where: Where, freshness: Page, status: Page, health: dict[str, Page], from_log: FromLog) -> list[StepStatus]:
    if freshness.status == 200:
        return [*tier.steps(freshness, status, health), *from_log.clicks]
    shards = [process for process in (where.state.children if where.state else []) if process.name.startswith("shard")]
    pages = [look(f"http://{LOOPBACK}:{shard.port}", "/state") for shard in shards if shard.name in health]
    found = [*from_log.workers, *(step for page in pages for step in its_log.shard_steps(page)), *from_log.clicks]
    return sorted(found, key=lambda step: step.partition)


def _ask_log(where: Where, health: dict[str, Page], bare: bool) -> FromLog:
    """`bare`: the tier does not say how far behind the workers are, so the log is asked."""
    from streams.reader import Reader

    reader = Reader(where.kafka)
    generation, partitions = where.generation, where.partitions
    try:
        return FromLog(
            _or_none(lambda: its_log.dead_letters(reader, generation, time.time_ns() // 1_000_000)),
            (_or_none(lambda: its_log.worker_steps(reader, generation, partitions)) or ()) if bare else (),
            _or_none(lambda: its_log.click_steps(reader, generation, partitions, health)) or (),
        )
    finally:
        reader.close()


def _or_none(question: Callable[[], T]) -> T | None:
    try:
        return question()
    except FreshetError:  # it went away while it was asked
        return None


def kafka_answers(servers: str) -> bool | None:
    """Whether any of the bootstrap servers does; None: none is named."""
    named = [server.strip() for server in servers.split(",") if server.strip()]
    return any(map(kafka.answers, named)) if named else None


def redis_answers(url: str) -> bool | None:
    """None: nothing is named, or only a client with its password or certificate could tell."""
    parts = urlsplit(url)
    if not url or parts.password or parts.scheme != "redis":
        return None
    return redis_server.answers(parts.port or REDIS_PORT, parts.hostname or LOOPBACK)


def _known(asked: bool | None, status: Page, name: str) -> bool | None:
    """What was seen from here, else what the tier says."""
    return asked if asked is not None else status.body.get(name)
