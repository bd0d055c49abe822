"""Removes the snapshots that need not stay, and then the files that no snapshot names any more."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from index_snapshots.folder import Steps, flush
from index_snapshots.inventory import Stored, snapshots
from index_snapshots.retention import Aged, kept

PARTS: Final = ("graph", "vectors", "codes", "rows", "bodies", "states", "names", "heads", "levels", "kept", "words")
"""What the names of a snapshot's files end with."""


class Plan(NamedTuple):
    """What a pruning does, or would do."""

    stays: Mapping[str, str]
    """Why each manifest that stays does, by name."""
    manifests: list[str]
    """Those that go, newest first."""
    files: list[str]
    """Those that no manifest names afterwards."""
    size: int
    """Of these files, in bytes; what a running shard's segments share with them is not free until they go too."""


def plan(folder: Path, keep: int, now_ms: int, *, every_byte: bool = False) -> Plan:
    """`every_byte`: a snapshot is good when its checksums hold, else when its files are as long as they were."""
    found = snapshots(folder, every_byte=every_byte)
    stays = kept([_aged(one) for one in found], keep, now_ms)
    needed = {file.name for one in found if one.name in stays and one.manifest for file in one.manifest.files.values()}
    readable = all(one.manifest for one in found if one.name in stays)  # else nobody knows which files they need
    files = sorted(
        path.name for part in PARTS for path in folder.glob(f"*-{part}") if readable and path.name not in needed
    )
    size = sum((folder / name).stat().st_size for name in files)
    return Plan(stays, [one.name for one in found if one.name not in stays], files, size)


def prune(folder: Path, planned: Plan, steps: Steps) -> None:
    """Only the folder's owner may. Manifests first: half a pruning leaves no snapshot that lacks files."""
    for name in planned.manifests:
        steps()
        (folder / name).unlink()
    flush(folder)  # before the files go, so that no manifest comes back without them
    for name in planned.files:
        steps()
        (folder / name).unlink()


def _aged(one: Stored) -> Aged:
    return Aged(one.name, one.manifest.written_ms if one.manifest else 0, not one.damages)
