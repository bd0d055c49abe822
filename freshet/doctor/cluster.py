"""Old data: the shards' snapshots and the catalogue's store belong to the Kafka they are used with, and to its log."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.remedies import rebuild_shard
from freshet.status.look import kafka_answers
from index_snapshots.inventory import shard_folders, snapshots
from index_snapshots.manifest import Manifest
from schemas.errors import FreshetError
from schemas.topics import topic_name

NAME = "old data"
BASES = ("documents", "offers")


@dataclass(frozen=True)
class ClusterFacts:
    cluster_id: str = ""
    """Of the Kafka here; empty: there is none yet, or it does not answer."""
    remembered_id: str = ""
    """The embedded Kafka's own note of it."""
    topic_ids: Mapping[str, str] = field(default_factory=dict)
    """By base name; only those that are known."""
    shards: Mapping[int, Manifest] = field(default_factory=dict)
    """The newest snapshot of each, by partition."""
    stores: Mapping[str, str] = field(default_factory=dict)
    """Cluster id that the catalogue's store is of, by its file."""
    log: Mapping[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    """First offset kept and end, by base name and partition, where Kafka answers."""
    option: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> ClusterFacts:
    newest = {
        shard.partition: snapshots(shard.folder, every_byte=False, at_most=1)
        for shard in shard_folders(place.data)
        if (shard.generation, shard.replica) == (place.generation, 0)
    }
    shards = {partition: one.manifest for partition, found in newest.items() for one in found if one.manifest}
    asks = bool(kafka_answers(place.kafka))
    if place.own_kafka:
        log = place.data / "kafka" / "log"
        cluster_id = _property(log / "meta.properties", "cluster.id", "=")
        topic_ids = {base: _topic_id(log, base, place.generation) for base in BASES}
    else:
        cluster_id, topic_ids = _described(place) if asks else ("", {})
    return ClusterFacts(
        cluster_id=cluster_id,
        remembered_id=_text(place.data / "kafka" / "cluster.id") if place.own_kafka else "",
        topic_ids={base: found for base, found in topic_ids.items() if found},
        shards=shards,
        stores=_stores(place),
        log=_ends(place, list(shards)) if asks else {},
        option=place.option,
    )


def judge(facts: ClusterFacts) -> list[Finding]:
    found = [line for partition, manifest in facts.shards.items() for line in _of_shard(facts, partition, manifest)]
    for file, cluster_id in facts.stores.items():
        if facts.cluster_id and cluster_id != facts.cluster_id:
            says = f"{file} is of the Kafka cluster {cluster_id}, {facts.cluster_id} is here"
            found.append(warning(NAME, says, "nothing to do: catalog starts a new one from the log"))
    if facts.cluster_id and facts.remembered_id and facts.remembered_id != facts.cluster_id:
        says = f"Kafka's storage is of cluster {facts.cluster_id}, but cluster.id beside it says {facts.remembered_id}"
        found.append(warning(NAME, says, "put the right kafka folder back, if another was meant to be here"))
    if found:
        return found
    if not facts.cluster_id:
        return [ok(NAME, "no Kafka to compare with yet")]
    return [ok(NAME, f"all is of the Kafka cluster {facts.cluster_id}")]


def _of_shard(facts: ClusterFacts, partition: int, manifest: Manifest) -> list[Finding]:
    """As the shard itself will refuse it at its start (`index_snapshots.restore`)."""
    origin = manifest.origin
    remedy = f"if this Kafka is the right one: {rebuild_shard(partition, facts.option)}"
    if facts.cluster_id and origin.cluster_id != facts.cluster_id:
        says = f"the snapshot of shard {partition} is of another Kafka cluster, {origin.cluster_id}; "
        return [problem(NAME, says + f"{facts.cluster_id} is here", remedy)]
    for base, topic_id in facts.topic_ids.items():
        if _plain(origin.topic_ids.get(base, "")) != _plain(topic_id):
            says = f"the snapshot of shard {partition} is of another topic `{base}` (it was made again since)"
            return [problem(NAME, says, remedy)]
    for base, offset in (("documents", manifest.documents_offset), ("offers", manifest.offers_offset)):
        begin, end = facts.log.get((base, partition), (offset, offset))
        if not begin <= offset <= end:
            says = f"the snapshot of shard {partition} stands at offset {offset:,} of {base}, "
            return [problem(NAME, says + f"but the log holds {begin:,} to {end:,}: Kafka lost data", remedy)]
    return []


def _stores(place: Place) -> dict[str, str]:
    """Read as they lie there, without the write-ahead log: who they belong to is written first of all."""
    stores = {}
    for path in sorted(place.data.glob(f"*/catalog/{place.generation}-*.sqlite")):
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as store:
                row = store.execute("SELECT value FROM facts WHERE name = 'identity'").fetchone()
        except sqlite3.Error:  # all of it is in the write-ahead log yet, or damaged: it is only a cache
            continue
        if row:
            stores[str(path.relative_to(place.data))] = str(row[0]).split(" ")[0]
    return stores


def _topic_id(log: Path, base: str, generation: int) -> str:
    """Of its first partition that is here; kafka.apache.org: KIP-516."""
    names = sorted(log.glob(f"{topic_name(base, generation)}-*/partition.metadata"))
    return _property(names[0], "topic_id", ":") if names else ""


def _property(path: Path, name: str, sign: str) -> str:
    lines = (line.partition(sign) for line in _text(path).splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _plain(topic_id: str) -> str:
    """Kafka's files and its clients write base64 with different letters."""
    return topic_id.replace("+", "-").replace("/", "_")


def _described(place: Place) -> tuple[str, dict[str, str]]:
    from streams.topics import describe_cluster

    try:
        cluster = describe_cluster(place.kafka, place.generation)
    except FreshetError:
        return "", {}
    return cluster.cluster_id, {base: cluster.topic_ids[base] for base in BASES}


def _ends(place: Place, partitions: list[int]) -> dict[tuple[str, int], tuple[int, int]]:
    from streams.reader import Reader

    reader = Reader(place.kafka)
    try:
        return {
            (base, partition): reader.begin_end(topic_name(base, place.generation), partition)
            for base in BASES
            for partition in partitions
        }
    except FreshetError:
        return {}
    finally:
        reader.close()
