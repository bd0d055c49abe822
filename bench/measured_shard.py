"""The shard under measurement: how it is opened, when it is at rest, and what it tells of its own work."""

import time
from pathlib import Path
from typing import Any

from bench.shard_records import ENCODER
from index_snapshots.exact import ExactShard
from index_snapshots.protocol import Identity

LINEAGE = "bench"


def open_shard(folder: Path, dim: int) -> ExactShard:
    """An empty shard that keeps its files in `folder`."""
    return ExactShard(Identity(0, LINEAGE, ENCODER, dim), lambda: time.time_ns() // 1_000_000)


def settle(shard: ExactShard) -> None:
    """Waits until nothing is being built and everything is merged. An exact shard is always at rest."""


def engine_figures(shard: ExactShard) -> dict[str, Any]:
    """Counts since the start: builds by kind, rows built, waits of the writer. An exact shard has none."""
    return {}


def merging_base(shard: ExactShard) -> bool:
    """Whether the large part is being merged. An exact shard has none."""
    return False
