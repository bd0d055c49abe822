"""Puts a chosen snapshot in place: it becomes the newest, and the shard starts from it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from index_snapshots.folder import flush
from index_snapshots.inventory import Stored
from index_snapshots.manifest import Manifest
from index_snapshots.restore import AGE_DAYS_MAX
from schemas.errors import StateRefused
from schemas.topics import DAY_MS


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
            hint="freshet snapshot verify names those that are good",
        )
    if now_ms - chosen.manifest.written_ms > AGE_DAYS_MAX * DAY_MS:
        raise StateRefused(
            f"the snapshot {name} is older than {AGE_DAYS_MAX} days: the log may have purged deletes since",
            hint="choose a younger one, or run `freshet shard rebuild` to build the shard from the log",
        )
    newer = [one.name for one in found if one.name > name]
    for other in newer:  # the newest first: whatever is left is still whole
        (folder / other).unlink()
    flush(folder)
    return PutBack(chosen.manifest, newer)
