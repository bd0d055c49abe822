"""The snapshot store: it answers, can be written, and holds what a new replica of each shard would start from."""

import time
import uuid
from dataclasses import dataclass, field

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.remedies import rebuild_shard
from freshet.runtime.stack import STORE
from freshet.status.table import duration
from index_snapshots.inventory import Stored, shard_folders, snapshots
from index_snapshots.manifest import Manifest
from index_snapshots.shelf import Shelf
from index_snapshots.stores import ObjectStore, open_store
from schemas.errors import FreshetError, SettingsError
from schemas.settings import ShardSettings, read

NAME = "store"
PROBE = "probe-"
LATE_S = 900.0
"""Snapshots that are in the folder for so long should be in the store: the shipper tries again each 5 minutes."""


@dataclass(frozen=True)
class InStore:
    """One shard that has a snapshot here, and its newest there."""

    partition: int
    here: Manifest
    there: Stored | None


@dataclass(frozen=True)
class StoreFacts:
    url: str = ""
    """Empty: there is none."""
    refused: FreshetError | None = None
    """Why it cannot be read."""
    unwritable: FreshetError | None = None
    shards: list[InStore] = field(default_factory=list)
    now_s: float = 0.0
    option: str = ""
    supervised: bool = False


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> StoreFacts:
    """Puts one small object there, and removes it."""
    try:
        settings = read(ShardSettings, place.environ)
    except SettingsError:  # another check names it
        return StoreFacts()
    shared = place.data / STORE
    url = settings.snapshot_store or (str(shared) if shared.is_dir() else "")
    if not url:
        return StoreFacts()
    option, supervised = place.option, place.supervised
    try:
        store = open_store(settings.model_copy(update={"snapshot_store": url}), place.environ)
        shards = [_shard(store, one) for one in _newest_here(place)] or _only_asked(store)
    except FreshetError as error:
        return StoreFacts(url, refused=error, option=option)
    return StoreFacts(store.url, None, _unwritable(store), shards, time.time(), option, supervised)


def _newest_here(place: Place) -> list[Manifest]:
    found: dict[int, Manifest] = {}
    for shard in shard_folders(place.data):
        if shard.generation == place.generation:
            for one in snapshots(shard.folder, every_byte=False, at_most=1):
                before = found.get(shard.partition)
                if one.manifest and (before is None or before.documents_offset < one.manifest.documents_offset):
                    found[shard.partition] = one.manifest
    return [found[partition] for partition in sorted(found)]


def _shard(store: ObjectStore, here: Manifest) -> InStore:
    shelf = Shelf.of(store, here.origin)
    names = shelf.manifests()
    return InStore(here.origin.partition, here, shelf.look(names[0], every_byte=False) if names else None)


def _only_asked(store: ObjectStore) -> list[InStore]:
    store.names("")
    return []


def _unwritable(store: ObjectStore) -> FreshetError | None:
    name = f"{PROBE}{uuid.uuid4().hex}"
    try:
        store.put_new(name, b"freshet doctor was here")
        store.remove(name)
    except FreshetError as error:
        return error
    return None


def judge(facts: StoreFacts) -> list[Finding]:
    if not facts.url:
        says = "there is none: a machine that loses its disk builds its shards from the log"
        return [ok(NAME, says)]
    if facts.refused is not None:
        return [problem(NAME, facts.refused.message, _remedy(facts.refused))]
    found = [finding for shard in facts.shards for finding in _judged(shard, facts)]
    if facts.unwritable is not None:
        says = f"it can be read, but not written: {facts.unwritable.message}"
        found.insert(0, problem(NAME, says, _remedy(facts.unwritable)))
    if found:
        return found
    ages = [_age_s(shard.there.manifest, facts) for shard in facts.shards if shard.there and shard.there.manifest]
    oldest = f"; the newest snapshot of each shard is at most {duration(max(ages))} old" if ages else ""
    return [ok(NAME, f"{facts.url} answers and can be written{oldest}")]


def _judged(shard: InStore, facts: StoreFacts) -> list[Finding]:
    which, logs = f"shard {shard.partition}", f"freshet logs shard{facts.option} --level error"
    waits_s = facts.now_s - shard.here.written_ms / 1000
    if shard.there is None:
        if waits_s < LATE_S:
            return []
        says = f"it holds no snapshot of {which}, which has one here for {duration(waits_s)}"
        return [warning(NAME, says, logs)]
    there = shard.there.manifest
    if there is None or shard.there.damages:
        says = f"the newest snapshot of {which} there is damaged: {shard.there.damage}"
        sent = "a running shard sends it again by itself" if facts.supervised else f"freshet up{facts.option}"
        return [problem(NAME, says, f"{sent}; what stays: freshet snapshot prune --store")]
    found = []
    if there.lineage != shard.here.lineage:
        says = (
            f"the newest snapshot of {which} there is of lineage {there.lineage}, the one here of {shard.here.lineage}"
        )
        remedy = rebuild_shard(shard.partition, facts.option, running=facts.supervised)
        found.append(warning(NAME, says, f"to go on with the one there: {remedy}"))
    if there.documents_offset < shard.here.documents_offset and waits_s >= LATE_S:
        says = (
            f"the newest snapshot of {which} there is {duration(_age_s(there, facts))} old, and "
            f"{shard.here.documents_offset - there.documents_offset:,} documents behind the one here"
        )
        found.append(warning(NAME, says, logs))
    return found


def _age_s(manifest: Manifest, facts: StoreFacts) -> float:
    return max(0.0, facts.now_s - manifest.written_ms / 1000)


def _remedy(error: FreshetError) -> str:
    return error.hint or "docs/runbook.md, Snapshots do not reach the store"
