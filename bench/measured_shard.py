"""The shard under measurement: how it is opened, when it is at rest, and what it tells of its own work."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.shard_records import ENCODER
from index_snapshots.builder import BuilderProcess
from index_snapshots.protocol import Identity
from index_snapshots.writer import ShardWriter

LINEAGE = "bench"


def open_shard(folder: Path, dim: int) -> ShardWriter:
    """An empty shard that keeps its files in `folder`."""
    identity = Identity(0, LINEAGE, ENCODER, dim)
    return ShardWriter(identity, lambda: time.time_ns() // 1_000_000, folder / "segments", BuilderProcess())


def settle(shard: ShardWriter) -> None:
    """Merges everything into one graph, as no log would."""
    shard.structure.merge_all()
    shard.write((), shard.view.offsets)


def engine_figures(shard: ShardWriter) -> dict[str, Any]:
    """Counts since the start: merges, rows built, waits of the writer; CPU seconds of the builder."""
    return asdict(shard.structure.figures) | {"builder_cpu_s": shard.structure.builder_cpu_s}


def merging_base(shard: ShardWriter) -> bool:
    """Whether the base is being merged."""
    return any(planned.of_base for planned in shard.view.vectors.pending)
