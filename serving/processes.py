"""Knows how every process is: asks the workers' health pages often, each on its own, so that a dead one shows soon."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import aiohttp
import orjson
from pydantic import BaseModel, ConfigDict

from serving.background import repeating
from serving.logs import Log

ASK_EVERY_S = 0.7
ASK_TIMEOUT_S = 1.5
"""Together well below 3 s: within it a killed or stopped process is shown as such."""
KAFKA_SILENT_S = 5.0
"""Kafka is asked every second or so; one that has been silent for so long is shown as down."""
ANSWER_BYTES_MAX = 64_000
REASON_CHARS_MAX = 200

State = Literal["up", "starting", "down"]


class ProcessState(BaseModel):
    """One process as it was last seen."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    state: State
    """`starting`: it answers and is not ready; `down`: it does not answer."""
    reason: str = ""
    """Why it is not up."""
    since_ms: int
    """Since when this state is seen, ms since 1970."""
    version: str | None = None
    pid: int | None = None
    uptime_s: float | None = None


class Processes(BaseModel):
    """`GET /v1/processes`: the workers of the setting `processes`, Kafka, Redis and the tier itself."""

    processes: list[ProcessState]


class Probe(BaseModel):
    """What one look at a process gave."""

    state: State
    reason: str = ""
    version: str | None = None
    pid: int | None = None
    uptime_s: float | None = None


UNKNOWN = Probe(state="starting", reason="not asked yet")


class ProcessWatch:
    """Remembers since when each process is as it is; `changed` is called when a state or reason changes."""

    def __init__(self, names: list[str], wall_ms: Callable[[], int], changed: Callable[[], None]) -> None:
        self._wall_ms = wall_ms
        self._changed = changed
        self._states = {name: ProcessState(name=name, since_ms=wall_ms(), **UNKNOWN.model_dump()) for name in names}

    def saw(self, name: str, probe: Probe) -> None:
        before = self._states.get(name)
        same = before is not None and (before.state, before.pid) == (probe.state, probe.pid)
        since_ms = before.since_ms if before is not None and same else self._wall_ms()
        self._states[name] = ProcessState(name=name, since_ms=since_ms, **probe.model_dump())
        if not same or (before is not None and before.reason != probe.reason):
            self._changed()

    def now(self) -> Processes:
        return Processes(processes=list(self._states.values()))


def parse_processes(entries: list[str]) -> dict[str, str]:
    """Reads the setting `processes`. Raises ValueError unless each entry is name=address, each name once."""
    found: dict[str, str] = {}
    for entry in entries:
        name, _, address = (part.strip() for part in entry.partition("="))
        if not name or not address or name in found:
            raise ValueError(f"{entry!r} is not name=address with a name of its own")
        found[name] = (address if "://" in address else f"http://{address}").rstrip("/")
    return found


async def ask(session: aiohttp.ClientSession, address: str, timeout_s: float = ASK_TIMEOUT_S) -> Probe:
    """One look at a worker's health pages. Never raises for what the other side does."""
    try:
        health = await _json(session, f"{address}/healthz", timeout_s)
        facts = {name: health.get(name) for name in ("version", "pid", "uptime_s")}
        if health.get("ready"):
            return Probe(state="up", **facts)
        ready = await _json(session, f"{address}/readyz", timeout_s)
        return Probe(state="starting", reason=str(ready.get("reason") or "not ready")[:REASON_CHARS_MAX], **facts)
    except TimeoutError:
        return Probe(state="down", reason=f"no answer within {timeout_s:g} s")
    except (aiohttp.ClientError, OSError):
        return Probe(state="down", reason="nobody answers")
    except ValueError:
        return Probe(state="down", reason="it answers something else than a health page")


async def _json(session: aiohttp.ClientSession, url: str, timeout_s: float) -> Mapping[str, Any]:
    async with session.get(url, timeout=aiohttp.ClientTimeout(total=timeout_s)) as response:
        body = orjson.loads(await response.content.read(ANSWER_BYTES_MAX))
        if not isinstance(body, dict):
            raise ValueError("not an object")
        return body


def kafka_probe(silent_s: float, uptime_s: float) -> Probe:
    """From how long ago Kafka answered the tier last."""
    if silent_s < KAFKA_SILENT_S:
        return Probe(state="up")
    if uptime_s < KAFKA_SILENT_S:
        return Probe(state="starting", reason="not asked yet")
    return Probe(state="down", reason=f"it has not answered for {KAFKA_SILENT_S:g} s")


def redis_probe(up: bool) -> Probe:
    return Probe(state="up") if up else Probe(state="down", reason="it does not answer")


def tier_probe(waiting_for: list[str], version: str, uptime_s: float) -> Probe:
    """The tier itself: it answers, or nobody would read this."""
    state: State = "starting" if waiting_for else "up"
    reason = f"waits for {', '.join(waiting_for)}"[:REASON_CHARS_MAX] if waiting_for else ""
    return Probe(state=state, reason=reason, version=version, pid=os.getpid(), uptime_s=round(uptime_s, 1))


@asynccontextmanager
async def watching(
    addresses: Mapping[str, str], session: aiohttp.ClientSession, watch: ProcessWatch, log: Log
) -> AsyncIterator[None]:
    """Asks each worker on its own: one that hangs must not make the others' news late."""

    def asking(name: str, address: str) -> Callable[[], Any]:
        async def step() -> None:
            watch.saw(name, await ask(session, address))

        return step

    async with AsyncExitStack() as stack:
        for name, address in addresses.items():
            await stack.enter_async_context(repeating(f"process-{name}", asking(name, address), ASK_EVERY_S, log))
        yield
