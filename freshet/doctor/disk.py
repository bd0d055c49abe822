"""Disk: the data folder can be written, and there is room for what comes next."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place, exists_above
from freshet.remedies import FREE_SPACE
from freshet.runtime.cache import cache_folder
from freshet.runtime.kafka_jars import jars_folder, locked_jars
from freshet.status.stored import newest_snapshots
from freshet.status.table import size

NAME = "disk"
KAFKA_BYTES = 256_000_000
"""Room for a segment or two of the log: without any Kafka stops."""
MODEL_BYTES = 200_000_000
"""The bundle of 91 MB, written beside the old one or its draft."""
JARS_BYTES = 60_000_000
COMFORT_BYTES = 1_000_000_000
"""Free beyond what is needed next: below it somebody should know."""
INODES_MIN = 1_000


@dataclass(frozen=True)
class DiskFacts:
    folder: Path
    """The data folder, or what of its path exists."""
    writable: bool
    read_only: bool
    free_bytes: int
    total_bytes: int
    free_inodes: int
    total_inodes: int
    """0: the file system does not count them."""
    needs: dict[str, int] = field(default_factory=dict)


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place, statvfs: Callable[[Path], os.statvfs_result] = os.statvfs) -> DiskFacts:
    folder = exists_above(place.data)
    disk = statvfs(folder)
    return DiskFacts(
        folder=folder,
        writable=os.access(folder, os.W_OK | os.X_OK),
        read_only=bool(disk.f_flag & os.ST_RDONLY),
        free_bytes=disk.f_bavail * disk.f_frsize,
        total_bytes=disk.f_blocks * disk.f_frsize,
        free_inodes=disk.f_ffree,
        total_inodes=disk.f_files,
        needs=_needs(place),
    )


def _needs(place: Place) -> dict[str, int]:
    needs = {"Kafka": KAFKA_BYTES} if place.own_kafka else {}
    snapshots = sum(found.size_bytes for found in newest_snapshots(place.data, place.generation))
    if snapshots:
        needs["the next snapshots"] = snapshots
    if not any((place.data / "models").glob("*/manifest.json")):
        needs["the model"] = MODEL_BYTES
    if place.own_kafka and not jars_folder(cache_folder(place.environ), locked_jars()).is_dir():
        needs["Kafka's jars"] = JARS_BYTES
    return needs


def judge(facts: DiskFacts) -> list[Finding]:
    where = f"the disk of {facts.folder}"
    if facts.read_only:
        return [problem(NAME, f"{where} is mounted read-only", "mount it writable, or move: freshet up --data DIR")]
    found = []
    if not facts.writable:
        remedy = f"sudo chown -R $(id -un) {facts.folder}, or move: freshet up --data DIR"
        found.append(problem(NAME, f"{facts.folder} may not be written by this user", remedy))
    need = sum(facts.needs.values())
    parts = ", ".join(f"{name} {size(count)}" for name, count in facts.needs.items())
    left = f"{size(facts.free_bytes)} of {size(facts.total_bytes)} are free on {where}"
    if facts.free_bytes < need:
        full = "the disk is full: " if facts.free_bytes < KAFKA_BYTES // 10 else ""
        found.append(problem(NAME, f"{full}{left}, {size(need)} are needed ({parts})", FREE_SPACE))
    elif facts.free_bytes < need + COMFORT_BYTES:
        found.append(warning(NAME, f"only {left}, {size(need)} are needed next ({parts})", FREE_SPACE))
    if facts.total_inodes and facts.free_inodes < INODES_MIN:
        found.append(problem(NAME, f"only {facts.free_inodes} more files fit on {where} (inodes)", FREE_SPACE))
    return found or [ok(NAME, f"{left}; {size(need)} are needed next")]
