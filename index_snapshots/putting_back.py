"""Puts a chosen snapshot in place: it becomes the newest, and the shard starts from it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from index_snapshots.folder import flush
from index_snapshots.inventory import Stored, snapshots
from index_snapshots.manifest import Manifest, SnapshotDamaged
from index_snapshots.restore import check_age
from schemas.errors import StateRefused

VERIFY: Final = "freshet snapshot verify names those that are good"


class PutBack(NamedTuple):
    manifest: Manifest
    removed: list[str]
    """Newer snapshots, newest first: the shard would have started from them, or fallen back to them."""


def put_back(folder: Path, found: Sequence[Stored], name: str, now_ms: int) -> PutBack:
    """Only the folder's owner may. `found`: all snapshots, newest first, each byte looked at.

    Raises StateRefused, and changes nothing, when the chosen one is damaged or the shard would not take it.
    """
    chosen = next(one for one in found if one.name == name)
    if chosen.damages or chosen.manifest is None:
        raise StateRefused(
            f"the snapshot {name} is not put in place: {'; '.join(chosen.damages)}",
            hint=VERIFY,
        )
    try:
        check_age(chosen.manifest, now_ms)
    except SnapshotDamaged as error:
        raise StateRefused(f"the snapshot {name} is not put in place: {error.message}", hint=VERIFY) from error
    newer = [one.name for one in found if one.name > name]
    for other in newer:  # the newest first: whatever is left is still whole
        (folder / other).unlink()
    flush(folder)
    return PutBack(chosen.manifest, newer)


def remove_later(folder: Path, name: str, manifest: Manifest) -> list[str]:
    """Removes the other snapshots of a folder that stand behind `manifest`, or that cannot be read; newest first."""
    later = [
        one.name
        for one in snapshots(folder, every_byte=False)
        if one.name != name and (one.manifest is None or one.manifest.documents_offset > manifest.documents_offset)
    ]
    for other in later:
        (folder / other).unlink()
    flush(folder)
    return later
