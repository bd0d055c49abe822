"""One run of `freshet bench restore`: a shard is stored, killed, and started again from its folder and from a store."""

import asyncio
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.latency import percentile
from bench.machine import load, machine
from bench.ports import free_port
from bench.s3_server import s3_server
from bench.samples import unpacked
from bench.shard_figures import DIGITS, Stretch
from bench.shard_process import ShardProcess
from bench.shard_records import log_value, sku_name
from bench.subject import Subject
from bench.vector_file import VectorFile, write_vectors
from bench.workload import DEFAULT_SEED, Workload, blocks
from encoders.bundle import Manifest
from index_snapshots.manifest import FORMAT_VERSION
from schemas.topics import topic_name
from streams.producer import Producer
from streams.topics import create_topics, describe_cluster

CHANGED: Final = 0.05
"""Upserts between the two snapshots, as a share of the rows."""
GENERATION: Final = 1
S3: Final = "s3"
NOBODY: Final = "redis://127.0.0.1:1/0"
"""The shard works without Redis."""


@dataclass(frozen=True)
class RestorePlan:
    rows: int
    dim: int
    tail: int = 10_000
    """Records in the log after the snapshot."""
    rounds: int = 3
    """Starts of each kind; medians are told."""
    rate: float = 500.0
    """Upserts a second, by the log's clock between the snapshots, by everyone's while searches are measured."""
    window_s: float = 5.0
    """Of searches with, and without, a snapshot being written; as many windows of each as rounds."""
    queries: int = 1_000
    seed: int = DEFAULT_SEED
    store: str = ""
    """A store's URL; empty: a folder beside the rest; `s3`: a bucket of an S3 server that is started beside it."""

    @property
    def changed(self) -> int:
        """Records up to the second snapshot."""
        return self.rows + round(CHANGED * self.rows)

    @property
    def records(self) -> int:
        stream = round(self.rate * self.window_s * (2 * self.rounds + 1))
        return self.changed + max(self.tail, stream)


def run_restore(
    plan: RestorePlan, kafka: str, model: Path, bundle: Manifest, say: Callable[[str], None], within: Path | None
) -> dict[str, Any]:
    """`kafka` has no topics yet. Raises SubjectFailed."""
    load_before = load()
    with tempfile.TemporaryDirectory(prefix="freshet-bench-", dir=within) as name:
        work = Path(name)
        with _store(plan, work) as settings:
            places = Places(work, settings, within or work)
            figures = _stored(plan, kafka, bundle, places, say)
            starts = _started(plan, kafka, model, places, say)
    return {
        "rows": plan.rows,
        "dim": plan.dim,
        "tail": plan.tail,
        "seed": plan.seed,
        "machine": machine(),
        "load_before": load_before,
        "load_after": load(),
        "store": str(places.store["snapshot_store"]).partition("://")[0],
        **figures,
        **starts,
    }


@contextmanager
def _store(plan: RestorePlan, work: Path) -> Iterator[dict[str, object]]:
    """Settings of the store to be measured."""
    if plan.store == S3:
        with s3_server(work / "s3") as server:
            yield server.settings()
        return
    (work / "store").mkdir()
    yield {"snapshot_store": plan.store or (work / "store").as_uri()}


@dataclass(frozen=True)
class Places:
    work: Path
    store: dict[str, object]
    """Settings of the store."""
    kept: Path
    """What later runs find again."""

    @property
    def local(self) -> Path:
        """The data folder whose shard has snapshots."""
        return self.work / "local"

    @property
    def snapshots(self) -> Path:
        return self.local / "shards" / f"{GENERATION}-0"

    def base(self, plan: RestorePlan) -> Path:
        """The rows of the start, in a snapshot of today's format."""
        return self.kept / "bench-bases" / f"{plan.rows}-{plan.dim}-{plan.seed}-format-{FORMAT_VERSION}"


def _stored(
    plan: RestorePlan, kafka: str, bundle: Manifest, places: Places, say: Callable[[str], None]
) -> dict[str, Any]:
    workload, vectors = Workload(plan.rows, plan.dim, plan.seed), places.work / "vectors"
    say(f"{plan.rows:,} rows: drawing vectors")
    write_vectors(vectors, workload, plan.records)
    create_topics(kafka, GENERATION, 1)
    asyncio.run(_fill(plan, kafka, workload, vectors, bundle.id))
    with Subject("bench.restore_in_process", _setup(plan, kafka, bundle, places, vectors)) as shard:
        say(f"{plan.rows:,} rows: building")
        built = shard.ask("load")
        say("first snapshot")
        first = shard.ask("snapshot", folder=str(places.snapshots))
        sent = shard.ask("ship", folder=str(places.snapshots), name=first["name"], store=places.store)
        say(f"second snapshot, {CHANGED:.0%} of the rows later")
        shard.ask("write_until", last=plan.changed, rate=plan.rate)
        second = shard.ask("snapshot", folder=str(places.snapshots))
        sent_again = shard.ask("ship", folder=str(places.snapshots), name=second["name"], store=places.store)
        say("searching while snapshots are written, and without")
        searches = _searches(plan, shard, places)
    return {
        "built_s": round(built["settled_s"], DIGITS),
        "first": _snapshot_figures(first, sent),
        "second": _snapshot_figures(second, sent_again),
        "second_snapshot_share": round(second["copied_bytes"] / first["new_bytes"], DIGITS),
        "second_share_new": round(second["new_bytes"] / first["new_bytes"], DIGITS),
        "second_share_sent": round(sent_again["bytes_sent"] / sent["bytes_sent"], DIGITS),
        "second_written_mb": {part: round(size / 1e6, 3) for part, size in second["copied"].items()},
        **searches,
    }


def _setup(plan: RestorePlan, kafka: str, bundle: Manifest, places: Places, vectors: Path) -> dict[str, Any]:
    cluster = describe_cluster(kafka, GENERATION)
    return {
        "folder": str(places.work / "shard"),
        "vectors": str(vectors),
        "rows": plan.rows,
        "dim": plan.dim,
        "seed": plan.seed,
        "records": plan.records,
        "queries": plan.queries,
        "base": str(places.base(plan)),
        "origin": {
            "partition": 0,
            "generation": GENERATION,
            "cluster_id": cluster.cluster_id,
            "topic_ids": {base: cluster.topic_ids[base] for base in ("documents", "offers")},
            "encoder": bundle.id,
            "dim": plan.dim,
        },
    }


async def _fill(plan: RestorePlan, kafka: str, workload: Workload, vectors: Path, encoder: str) -> None:
    """The tail: the records that follow the second snapshot."""
    producer = Producer(kafka, loop=asyncio.get_running_loop())
    skus, file = workload.skus(plan.changed + plan.tail)[plan.changed :], VectorFile(vectors, plan.dim)
    try:
        for first, count in blocks(plan.tail):
            rows = file.read(plan.changed + first, count)
            sent = [
                producer.send(
                    topic_name("documents", GENERATION),
                    sku_name(int(sku)).encode(),
                    log_value(plan.changed + first + at, int(sku), vector, encoder),
                    0,
                )
                for at, (sku, vector) in enumerate(zip(skus[first : first + count], rows, strict=True))
            ]
            await asyncio.gather(*sent)
    finally:
        file.close()
        await producer.close()


def _snapshot_figures(written: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    return {
        "rows": written["rows"],
        "write_s": round(written["seconds"], DIGITS),
        "waited_s": round(written["waited_s"], DIGITS),
        "merges": written["merges"],
        "mb": round(sent["bytes"] / 1e6, 1),
        "new_mb": round(written["new_bytes"] / 1e6, 1),
        "copied_mb": round(written["copied_bytes"] / 1e6, 1),
        "send_s": round(sent["seconds"], DIGITS),
        "sent_mb": round(sent["bytes_sent"] / 1e6, 1),
    }


def _searches(plan: RestorePlan, shard: Subject, places: Places) -> dict[str, Any]:
    """Under the stream, in windows that take turns."""
    waits: dict[str, list[float]] = {"without": [], "writing": []}
    flows = {"without": Stretch(), "writing": Stretch()}
    snapshots = 0
    shard.ask("stream", rate=plan.rate, last=plan.records)
    for _ in range(plan.rounds):
        waits["without"] += unpacked(shard.ask("latency", seconds=plan.window_s)["waits_ms"])
        flows["without"].add(shard.ask("flow"))
        window = shard.ask("latency_while_writing", seconds=plan.window_s, folder=str(places.work / "meanwhile"))
        waits["writing"] += unpacked(window["waits_ms"])
        flows["writing"].add(window["flow"])
        snapshots += window["snapshots"]
    shard.ask("stop")
    p95_ms = {name: round(percentile(found, 0.95), DIGITS) for name, found in waits.items()}
    visible_ms = {name: flow.figures()["visible_ms"] for name, flow in flows.items()}
    return {
        "search_p95_ms": p95_ms,
        "snapshot_search_p95_ratio": round(p95_ms["writing"] / p95_ms["without"], DIGITS),
        "snapshot_freshness_p95_ms": visible_ms["writing"]["p95"],
        "visible_ms": visible_ms,
        "snapshots_meanwhile": snapshots,
    }


def _started(plan: RestorePlan, kafka: str, model: Path, places: Places, say: Callable[[str], None]) -> dict[str, Any]:
    settings = {
        "kafka": kafka,
        "redis_url": NOBODY,
        "generation": GENERATION,
        "model": model,
        "snapshot_every_records": 1_000_000_000,
    }
    local, fetched = [], []
    for at in range(plan.rounds):
        say(f"start {at + 1} of {plan.rounds}: from its folder, from the store")
        local.append(_start(settings | {"data": places.local}, places))
        with _empty(places.work / "empty") as empty:
            fetched.append(_start(settings | {"data": empty, **places.store}, places))
    return {
        "ready_s": statistics.median(one["ready_s"] for one in local),
        "ready_from_store_s": statistics.median(one["ready_s"] for one in fetched),
        "starts": local,
        "starts_from_store": fetched,
    }


def _start(settings: dict[str, object], places: Places) -> dict[str, Any]:
    with ShardProcess(settings, free_port(), places.work / "shard.log") as process:
        return process.until_ready()


@contextmanager
def _empty(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
