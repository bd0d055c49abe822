"""How each process is: the supervisor's notes, the process itself, and what it answers."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil

from freshet.http_page import Page, look
from freshet.runtime import kafka, processes, redis_server
from freshet.runtime.kafka_jars import kafka_version
from freshet.runtime.ports import LOOPBACK
from freshet.runtime.stack_state import ChildState
from freshet.status.report import ProcessStatus

ASKED_AT_ONCE = 16


def processes_of(children: Sequence[ChildState], url: str) -> tuple[list[ProcessStatus], dict[str, Page]]:
    """All of them, asked side by side, and the health page of each that has one. `url`: of the HTTP tier."""
    with ThreadPoolExecutor(ASKED_AT_ONCE) as threads:
        found = list(threads.map(lambda child: _process(child, url), children))
    return [status for status, _ in found], {status.name: page for status, page in found if page is not None}


def from_page(page: Page) -> list[ProcessStatus]:
    """What the HTTP tier says of the processes around it (`GET /v1/processes`); nothing when it does not."""
    return [
        ProcessStatus(
            name=str(one.get("name")),
            state="ready" if one.get("state") == "up" else "starting",
            pid=one.get("pid"),
            alive=one.get("state") != "down",
            answers=one.get("state") == "up",
            version=one.get("version"),
            up_s=one.get("uptime_s"),
            reason=str(one.get("reason") or ""),
        )
        for one in page.body.get("processes", [])
    ]


def _process(child: ChildState, url: str) -> tuple[ProcessStatus, Page | None]:
    alive = child.pid is not None and child.started is not None and processes.identity(child.pid) == child.started
    status = ProcessStatus(
        **child.model_dump(),
        alive=alive,
        answers=None,
        up_s=time.time() - child.started_ms / 1000 if alive and child.started_ms else None,
        memory_bytes=_memory(child.pid) if alive else None,
    )
    if not alive or not child.port:
        return status, None
    if child.name == "kafka":
        answers = kafka.answers(f"{LOOPBACK}:{child.port}")
        return status.model_copy(update={"answers": answers, "version": kafka_version()}), None
    if child.name == "redis":
        version = redis_server.version(child.port)
        return status.model_copy(update={"answers": version is not None, "version": version}), None
    address = url if urlsplit(url).port == child.port else f"http://{LOOPBACK}:{child.port}"
    health = look(address, "/healthz")
    facts = {
        "answers": bool(health.body.get("ready")),
        "version": health.body.get("version"),
        "reason": "" if health.body.get("ready") else _why_not(address, health),
    }
    return status.model_copy(update=facts), health


def _why_not(address: str, health: Page) -> str:
    if health.status == 0:
        return "it does not answer"
    body = look(address, "/readyz").body
    waiting = body.get("waiting_for") or []
    return str(body.get("reason") or "") or (f"waits for {', '.join(map(str, waiting))}" if waiting else "")


def _memory(pid: int | None) -> int | None:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None
