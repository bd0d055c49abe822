"""Memory: room for the stack before it starts, and what is left while it runs."""

from dataclasses import dataclass, field
from pathlib import Path

import psutil

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.runtime.servers import server_names
from freshet.runtime.stack import workers
from freshet.status.stored import newest_snapshots
from freshet.status.table import size

NAME = "memory"
PROCESS_MB = {"catalog": 150, "embed": 350, "shard": 150, "session": 150, "serving": 350}
"""Of each Python process without products, as seen (123, 274, 123, 120, 270) and room to breathe."""
JAVA_MORE_MB = 200
"""Of the JVM beside its heap."""
SNAPSHOT_TIMES = 3
"""A shard in memory, and its next snapshot while that is made, against the bytes of its newest one."""
LEFT_BYTES_MIN = 200_000_000
"""Below it a running stack is soon ended by the kernel."""
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class MemoryFacts:
    running: bool
    available_bytes: int
    total_bytes: int
    needs: dict[str, int] = field(default_factory=dict)
    """Of a stack that starts."""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place, cgroup: Path = CGROUP) -> MemoryFacts:
    memory = psutil.virtual_memory()
    left, limit = room_in(cgroup)
    return MemoryFacts(
        running=place.supervised,
        available_bytes=min(memory.available, left) if left is not None else memory.available,
        total_bytes=min(memory.total, limit) if limit is not None else memory.total,
        needs={} if place.supervised else _needs(place),
    )


def room_in(cgroup: Path) -> tuple[int | None, int | None]:
    """What is left of a container's limit, and the limit (cgroup v2); None where there is none."""
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or the limit is `max`
        return None, None
    return max(0, limit - used), limit


def _needs(place: Place) -> dict[str, int]:
    names = [*workers(place.settings), *server_names(place.settings)]
    needs = {name: PROCESS_MB[name.split("-")[0]] * 1_000_000 for name in names}
    if place.own_kafka:
        needs["Kafka"] = (place.settings.kafka_heap_mb + JAVA_MORE_MB) * 1_000_000
    stored = sum(found.size_bytes for found in newest_snapshots(place.data, place.generation))
    if stored:
        needs["products"] = stored * SNAPSHOT_TIMES
    return needs


def judge(facts: MemoryFacts) -> list[Finding]:
    left = f"{size(facts.available_bytes)} of {size(facts.total_bytes)} are available"
    if facts.running:
        if facts.available_bytes < LEFT_BYTES_MIN:
            remedy = "end other programs, or give the machine more memory"
            return [warning(NAME, f"only {left} beside the running stack", remedy)]
        return [ok(NAME, f"{left} beside the running stack")]
    need = sum(facts.needs.values())
    parts = ", ".join(f"{name} {size(count)}" for name, count in sorted(facts.needs.items(), key=lambda one: -one[1]))
    if facts.available_bytes < need:
        remedy = "end other programs, or lower FRESHET_KAFKA_HEAP_MB"
        return [problem(NAME, f"only {left}, the stack takes up to {size(need)} ({parts})", remedy)]
    return [ok(NAME, f"{left}; the stack takes up to {size(need)}")]
