"""The index: every byte of every snapshot is what was written."""

from dataclasses import dataclass

from freshet.doctor.finding import Finding, ok, problem
from freshet.doctor.place import Place
from freshet.remedies import rebuild_shard, shard_name
from freshet.status.table import size
from index_snapshots.inventory import Stored, shard_folders, snapshots

NAME = "index"


@dataclass(frozen=True)
class ShardFacts:
    generation: int
    partition: int
    snapshots: list[Stored]
    """Newest first."""
    replica: int = 0


@dataclass(frozen=True)
class IndexFacts:
    shards: list[ShardFacts]
    option: str = ""
    supervised: bool = False


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> IndexFacts:
    shards = [
        ShardFacts(shard.generation, shard.partition, snapshots(shard.folder, every_byte=True), shard.replica)
        for shard in shard_folders(place.data)
        if shard.generation == place.generation  # what helps rebuilds that one
    ]
    return IndexFacts(shards, place.option, place.supervised)


def judge(facts: IndexFacts) -> list[Finding]:
    found = [_damaged(shard, one, facts) for shard in facts.shards for one in shard.snapshots if one.damage]
    if found:
        return found
    manifests = [one.manifest for shard in facts.shards for one in shard.snapshots if one.manifest]
    total = sum(file.size for manifest in manifests for file in manifest.files.values())
    if not manifests:
        return [ok(NAME, "no snapshot yet: a shard is built from the log")]
    return [ok(NAME, f"{len(manifests)} snapshots of {len(facts.shards)} shards verify ({size(total)})")]


def _damaged(shard: ShardFacts, one: Stored, facts: IndexFacts) -> Finding:
    """A damaged snapshot is left out at the start; that it is damaged tells of a failing disk or of other hands."""
    others = [other for other in shard.snapshots if not other.damage]
    stands_in = f"{others[0].name} stands in" if others else "the shard is built from the log at its next start"
    says = (
        f"the snapshot {one.name} of {shard_name(shard.partition, shard.replica)} is damaged: {one.damage}; {stands_in}"
    )
    return problem(NAME, says, rebuild_shard(shard.partition, facts.option, shard.replica, running=facts.supervised))
