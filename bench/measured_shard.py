"""The shard under measurement: how it is opened, when it is at rest, and what it tells of its own work."""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench.process_costs import cpu_seconds
from bench.shard_records import ENCODER
from index_snapshots.builder import Builder, BuilderProcess
from index_snapshots.parts import FrozenPart
from index_snapshots.protocol import Identity
from index_snapshots.view import ShardView
from index_snapshots.writer import ShardWriter

LINEAGE: Final = "bench"
REST_S: Final = 0.5
"""The builder is at rest when it has used no more than this part of it."""
REST_SHARE: Final = 0.02
SETTLE_S_MAX: Final = 600.0


def open_shard(folder: Path, dim: int, builder: Builder | None = None) -> ShardWriter:
    """An empty shard that keeps its files in `folder`. `builder`: default a process, which ends with ours."""
    identity = Identity(0, LINEAGE, ENCODER, dim)
    folder, builder = folder / "segments", builder or BuilderProcess()
    return ShardWriter(identity, now_ms, folder, builder)


def now_ms() -> int:
    """The clock of a shard under measurement."""
    return time.time_ns() // 1_000_000


def settle(shard: ShardWriter) -> None:
    """Merges everything into one graph, as no log would."""
    shard.structure.merge_all()
    shard.write((), shard.view.offsets)


def wait_for_builder() -> None:
    """Waits until the builder is at rest; what it has built is installed by later writes. Raises TimeoutError."""
    until_s, before_s = time.monotonic() + SETTLE_S_MAX, cpu_seconds()["children_s"]
    while time.monotonic() < until_s:
        time.sleep(REST_S)
        after_s = cpu_seconds()["children_s"]
        if after_s - before_s <= REST_SHARE * REST_S:
            return
        before_s = after_s
    raise TimeoutError(f"the builder is still at work after {SETTLE_S_MAX:g} s")


def engine_figures(shard: ShardWriter) -> dict[str, Any]:
    """What the merges have cost since the start, and which parts a search goes through now."""
    return {
        **asdict(shard.structure.figures),
        "builder_cpu_s": shard.structure.builder_cpu_s,
        "parts": [_part(part) for part in shard.view.vectors.parts],
    }


def _part(part: FrozenPart) -> dict[str, Any]:
    segment = part.store.segment
    ef = {} if segment is None else {"ef": segment.calibration.ef}
    return {"kind": "head" if segment is None else "graph", "rows": part.count, "shown": part.shown, **ef}


def bodies_mb(view: ShardView) -> float:
    """Memory of what is shown of the products, which is as large as a shop makes it."""
    leaves = (leaf for branch in view.bodies.branches for leaf in branch)
    return round(sum(sys.getsizeof(body) for leaf in leaves for body in leaf if body is not None) / 1e6, 1)


def merging_base(view: ShardView) -> bool:
    """Whether the large graph is being merged."""
    return any(planned.of_base for planned in view.vectors.pending)
