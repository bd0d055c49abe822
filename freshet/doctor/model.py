"""The model bundle: whole, and of the same vector space as the shards' snapshots."""

from dataclasses import dataclass, field
from pathlib import Path

from encoders import bundle
from encoders.bundle import MANIFEST_FILE, model_folder
from encoders.errors import BundleRefused
from freshet.doctor.finding import Finding, ok, problem
from freshet.doctor.place import Place
from freshet.remedies import rebuild_shard
from index_snapshots.inventory import shard_folders, snapshots

NAME = "model"


@dataclass(frozen=True)
class ModelFacts:
    folder: Path
    configured: bool
    """Whether FRESHET_MODEL names it: then nobody builds it."""
    there: bool
    id: str = ""
    damage: str = ""
    shards: dict[int, str] = field(default_factory=dict)
    """The encoder of each shard's newest snapshot, by partition."""
    option: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> ModelFacts:
    folder = model_folder(place.own_model, place.data)
    there = (folder / MANIFEST_FILE).exists()
    identity, damage = "", ""
    if there:
        try:
            identity = bundle.load(folder).manifest.id
        except BundleRefused as error:
            damage = error.message
    newest = {
        shard.partition: snapshots(shard.folder, every_byte=False, at_most=1)
        for shard in shard_folders(place.data)
        if (shard.generation, shard.replica) == (place.generation, 0)
    }
    shards = {number: one.manifest.origin.encoder for number, found in newest.items() for one in found if one.manifest}
    return ModelFacts(folder, place.own_model is not None, there, identity, damage, shards, place.option)


def judge(facts: ModelFacts) -> list[Finding]:
    if not facts.there:
        if facts.configured:
            remedy = "set FRESHET_MODEL to the folder of a bundle, or unset it: then freshet up builds one"
            return [problem(NAME, f"FRESHET_MODEL names {facts.folder}, and no bundle is there", remedy)]
        return [ok(NAME, "not built yet: freshet up does it")]
    if facts.damage:
        return [problem(NAME, facts.damage, f"freshet model build{facts.option}")]
    others = {partition: encoder for partition, encoder in facts.shards.items() if encoder != facts.id}
    if others:
        partition, encoder = next(iter(others.items()))
        says = f"the bundle makes vectors of {facts.id}, but the snapshot of shard {partition} holds those of {encoder}"
        remedy = f"set FRESHET_MODEL to the bundle of {encoder}, or {rebuild_shard(partition, facts.option)}"
        return [problem(NAME, says, remedy)]
    return [ok(NAME, f"{facts.id} in {facts.folder} is whole")]
