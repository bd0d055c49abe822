"""What lies on the disk: the newest snapshot of each shard, and who uses how much."""

import os
import shutil
import time
from collections import Counter
from pathlib import Path

from freshet.status.report import DiskStatus, SnapshotStatus
from index_snapshots.folder import REPLICAS
from index_snapshots.inventory import shard_folders, snapshots

PARTS = ("kafka", "shards", "store", "logs", "models", "redis", "faust")
BLOCK_BYTES = 512
"""Of st_blocks (stat(2)): Kafka's indexes are sparse, their length is not what they use."""


def newest_snapshots(data: Path, generation: int) -> list[SnapshotStatus]:
    found = []
    for shard in shard_folders(data):
        stored = snapshots(shard.folder, every_byte=False, at_most=1) if shard.generation == generation else []
        for one in stored:
            manifest = one.manifest
            found.append(
                SnapshotStatus(
                    partition=shard.partition,
                    replica=shard.replica,
                    file=one.name,
                    written_ms=manifest.written_ms if manifest else 0,
                    age_s=round(time.time() - manifest.written_ms / 1000, 1) if manifest else 0.0,
                    documents_offset=manifest.documents_offset if manifest else 0,
                    offers_offset=manifest.offers_offset if manifest else 0,
                    products=manifest.counts[2] if manifest else 0,
                    size_bytes=sum(file.size for file in manifest.files.values()) if manifest else 0,
                    damaged=one.damage,
                )
            )
    return found


def disk(data: Path) -> DiskStatus | None:
    """None when the folder is not there (yet)."""
    try:
        usage = shutil.disk_usage(data)
        return DiskStatus(used_bytes=used_bytes(data), free_bytes=usage.free, total_bytes=usage.total)
    except OSError:
        return None


def used_bytes(data: Path) -> dict[str, int]:
    """By part; the catalogue workers' stores together as `catalog`."""
    used: Counter[str] = Counter()
    for entry in os.scandir(data):
        name = entry.name
        part = "shards" if name == REPLICAS else "catalog" if name.startswith("catalog") else name
        part = part if part in (*PARTS, "catalog") else "other"
        used[part] += _size(entry)
    return {part: size for part, size in used.items() if size}


def _size(entry: os.DirEntry[str]) -> int:
    """What vanishes meanwhile counts nothing."""
    try:
        own = entry.stat(follow_symlinks=False).st_blocks * BLOCK_BYTES
        return own + (sum(map(_size, os.scandir(entry))) if entry.is_dir(follow_symlinks=False) else 0)
    except FileNotFoundError:
        return 0
