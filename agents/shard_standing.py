"""How a shard's snapshots and its disk stand, as metrics: what shows before it is too late."""

import os
from collections.abc import Mapping
from pathlib import Path

from index_snapshots.manifest import Manifest
from schemas.metrics import Metrics


def show_snapshots(
    metrics: Metrics,
    partition: int,
    newest: Manifest | None,
    position: Mapping[str, int],
    every: Mapping[str, int],
    now_ms: int,
) -> None:
    """`position`: next offset of each topic; `every`: after how many of its records a snapshot is due."""
    stored = {"documents": newest.documents_offset, "offers": newest.offers_offset} if newest else {}
    due = max((position[topic] - stored.get(topic, 0)) / count for topic, count in every.items())
    metrics.gauge("freshet_snapshots_due").labels(partition).set(due)
    if newest is not None:
        metrics.gauge("freshet_snapshot_age_seconds").labels(partition).set(max(0, now_ms - newest.written_ms) / 1000)


def show_disk(metrics: Metrics, folder: Path) -> None:
    """As much as this user may write there."""
    disk = os.statvfs(folder)
    metrics.gauge("freshet_disk_free_bytes").set(disk.f_bavail * disk.f_frsize)
