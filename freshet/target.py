"""Which Freshet a command talks to: the running stack of a data folder, or the address it was given."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from freshet.running import Running, find_running
from freshet.stack_state import read_state
from schemas.errors import Unavailable
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
        return tuple(page for name, page in self.metrics.items() if name == kind or name.startswith(f"{kind}-"))


def find_target(url: str, data: Path | None, environ: Mapping[str, str] = os.environ) -> Target:
    """Raises Unavailable when no address was given and no stack runs."""
    settings = read(ServingSettings, environ)
    try:
        running = find_running(data, environ)
        state = read_state(running.data)
    except Unavailable:
        if not url:
            raise
        folder = (data or settings.data).resolve()
        running = Running(url, settings.kafka, settings.redis_url, folder, settings.generation, settings.partitions)
        state = None
    children = state.children if state else []
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
