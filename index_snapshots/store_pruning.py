"""Removes from a store the snapshots that need not stay, and later the objects that none of the others names."""

from typing import Final, NamedTuple

from index_snapshots.inventory import Stored
from index_snapshots.manifest import SnapshotDamaged
from index_snapshots.retention import Aged, kept
from index_snapshots.shelf import Shelf, objects_of
from schemas.errors import StateRefused

GRACE_S: Final = 3_600.0
"""Another replica may be about to name an object that is there: it goes only when it was not needed for so long."""


class Pruned(NamedTuple):
    stays: dict[str, str]
    """Why each snapshot that stays does."""
    snapshots: list[str]
    """Those that went, newest first."""
    objects: list[str]
    """Those that went."""


class StorePruner:
    """Of one shard. Remembers since when an object was not needed; one thread at a time."""

    def __init__(self, shelf: Shelf, keep: int, grace_s: float = GRACE_S) -> None:
        self._shelf, self._keep, self._grace_s = shelf, keep, grace_s
        self._unneeded: dict[str, float] = {}
        """Clock at which each was first seen so."""

    def prune(self, now_ms: int, now_s: float, *, every_byte: bool = False, dry_run: bool = False) -> Pruned:
        """`now_s`: of a clock that only goes on. Removes nothing where a newer Freshet stores too.

        Raises Unavailable.
        """
        names, objects, damaged = contents = self._shelf.contents()
        try:
            found = [self._look(name, contents.whole, every_byte) for name in names]
        except StateRefused:
            return Pruned(dict.fromkeys(names, "a newer Freshet stores here"), [], [])
        stays = kept([_aged(one) for one in found], self._keep, now_ms, heir=True)
        gone = [one.name for one in found if one.name not in stays]
        needed = {name for one in found if one.name in stays and one.manifest for name in objects_of(one.manifest)}
        nameless = any(one.manifest is None for one in found if one.name in stays)
        unneeded = set() if nameless else objects - needed
        self._unneeded = {name: self._unneeded.get(name, now_s) for name in unneeded}
        due = sorted(name for name, since_s in self._unneeded.items() if now_s - since_s >= self._grace_s)
        for name in () if dry_run else (*gone, *due):  # manifests first: none is left without its objects
            self._shelf.remove(name)
        for name in () if dry_run else damaged - objects | damaged & set(due):
            self._shelf.forget(name)
        return Pruned(stays, gone, due)

    def _look(self, name: str, objects: set[str], every_byte: bool) -> Stored:
        """Raises StateRefused for the manifest of a newer Freshet."""
        try:
            manifest = self._shelf.manifest(name)
        except SnapshotDamaged as error:
            return Stored(name, None, (error.message,))
        if every_byte:
            return self._shelf.look(name, every_byte=True)
        missing = objects_of(manifest) - objects
        return Stored(name, manifest, tuple(f"{one} is missing" for one in sorted(missing)))


def _aged(one: Stored) -> Aged:
    return Aged(one.name, one.manifest.written_ms if one.manifest else 0, not one.damages)
