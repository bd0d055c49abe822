"""Which Freshet a command talks to: the running stack of a data folder, or the address it was given."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from freshet.running import Running, find_running
from freshet.runtime.stack_state import ChildState, read_state
from schemas.errors import SettingsError, Unavailable
from schemas.settings import ServingSettings, read


@dataclass(frozen=True)
class Target:
    url: str
    """Of the HTTP tier."""
    key: str
    kafka: str
    generation: int
    partitions: int
    data: Path
    import_lag_s: float
    metrics: Mapping[str, str]
    """Metrics pages by process name; only of a stack that `freshet up` runs."""

    pids: Mapping[str, int | None]
    """Process ids by process name: another one means a restart, and counters that begin at 0 again."""

    def metrics_of(self, kind: str) -> tuple[str, ...]:
        """Pages of `embed`, `embed-1` ..."""
        return tuple(self.metrics[name] for name in _of_kind(self.metrics, kind))

    def pids_of(self, kind: str) -> dict[str, int | None]:
        return {name: self.pids[name] for name in _of_kind(self.pids, kind)}


def find_target(
    url: str, data: Path | None, environ: Mapping[str, str] = os.environ, *, reads_kafka: bool = False
) -> Target:
    """`reads_kafka`: the command reads the log too, which has to be the one behind `url`.

    Raises Unavailable when no address was given and no stack runs, SettingsError when nobody says which Kafka to read.
    """
    settings = read(ServingSettings, environ)
    running: Running | None = None
    children: list[ChildState] = []
    try:
        running = find_running(data, environ)
    except Unavailable:
        if not url:
            raise
    if running is not None and (not url or same_address(url, running.url)):
        state = read_state(running.data)
        children = state.children if state else []
    else:
        if running is not None and reads_kafka and "kafka" not in settings.model_fields_set:
            raise SettingsError(
                f"{url} is another stack than the one here ({running.url}), and nothing says which Kafka is behind it",
                hint="set FRESHET_KAFKA to its Kafka (an import without waiting needs none: --no-wait)",
            )
        folder = (data or settings.data).resolve()
        running = Running(url, settings.kafka, settings.redis_url, folder, settings.generation, settings.partitions)
    return Target(
        url=(url or running.url).rstrip("/"),
        key=settings.admin_key,
        kafka=running.kafka,
        generation=running.generation,
        partitions=running.partitions,
        data=running.data,
        import_lag_s=settings.import_lag_s,
        pids={child.name: child.pid for child in children},
        metrics={child.name: f"http://127.0.0.1:{child.port}/metrics" for child in children if child.port},
    )


def same_workers(target: Target, kind: str, url: str, data: Path | None) -> bool:
    """False after a restart, or when the stack is gone: a counter begins at 0 again, and a difference is wrong."""
    try:
        return find_target(url, data).pids_of(kind) == target.pids_of(kind)
    except Unavailable:
        return False


def same_address(one: str, other: str) -> bool:
    """Whether two URLs are one host and port; localhost is 127.0.0.1."""
    return _address(one) == _address(other)


def _address(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, "127.0.0.1" if host == "localhost" else host, port


def _of_kind(names: Iterable[str], kind: str) -> list[str]:
    return [name for name in names if name == kind or name.startswith(f"{kind}-")]
