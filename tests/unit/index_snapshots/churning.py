"""A log that merges a shard's base again and again, and what each way of reading it leaves, to the last byte."""

import hashlib
import itertools
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from index_snapshots.apply import apply
from index_snapshots.builder import Builder, BuilderHere
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.graph import Graph, Queries
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.manifest import Origin
from index_snapshots.pacing import Pacing
from index_snapshots.protocol import Half, Identity, ShardRecord
from index_snapshots.restore import restore
from index_snapshots.snapshot import ResultOf, no_results, write
from index_snapshots.vectors import Vectors
from index_snapshots.view import ShardView
from index_snapshots.writer import ShardWriter
from schemas.filters import Filters
from schemas.records import DocumentRecord, OfferRecord, Order
from tests.unit.index_snapshots.making import ENCODER, ORIGIN, b64, content, logged, no_document, no_offer, offer

NOW_MS: Final = 1_800_000_000_000
QUERIES: Final = 50
EVERY: Final = 96
"""Records between two checkpoints: a batch passes fewer of them than are kept."""
BATCH: Final = 500
PACING: Final = Pacing(head_rows=32, rows_per_s_max=6_000, exact_max=0)
"""At its greatest rate a merge of the base comes twenty seals after it was begun, and a small segment is made and
extended beside it; at the least one seal. Every search is a graph's."""
GAPS_MS: Final = (0, 0, 1, 20)
"""Between two records, for some hundreds of them at a time."""


@dataclass(frozen=True)
class Churn:
    """A log, and where all ways of reading it meet: so many documents and offers each time."""

    dim: int
    documents: list[ShardRecord]
    offers: list[ShardRecord]
    stations: tuple[tuple[int, int], ...]


def churn(events: int, skus: int, dim: int, seed: int = 7) -> Churn:
    """Mostly replacements; deletes, re-creations, duplicates, older events that come late, purges, equal vectors."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, dim))
    documents: list[DocumentRecord | OfferRecord | str] = []
    offers: list[DocumentRecord | OfferRecord | str] = []
    born: dict[str, int] = {}
    """Since when a living product lives."""
    vectors = [_unit(centres[0])]
    for order in range(1, events + 1):
        sku = f"sku-{rng.integers(skus)}"
        kind = rng.random()
        if kind < 0.08 and sku in born:
            del born[sku]
            documents.append(no_document(sku, order))
            offers.append(no_offer(sku, order))
            if kind < 0.02:
                documents.append(sku)
                offers.append(sku)
            continue
        if kind < 0.14 and documents:
            documents.append(documents[int(rng.integers(len(documents)))])
            continue
        if kind < 0.2:  # an older one that comes late
            documents.append(_document(sku, max(1, order - int(rng.integers(1, 400))), vectors[-1]))
            continue
        if kind < 0.9:
            vectors.append(_unit(centres[rng.integers(40)] + 0.6 * rng.standard_normal(dim)))
        born.setdefault(sku, order)
        documents.append(_document(sku, order, vectors[-1]))
        offers.append(offer(sku, order, since=born[sku], price=float(order % 90), stock=int(rng.integers(2))))
    log, other = timed(logged("documents", documents), rng), timed(logged("offers", offers), rng)
    stations = tuple((len(log) * part // 3, len(other) * part // 3) for part in (1, 2, 3))
    return Churn(dim, log, other, stations)


def timed(records: list[ShardRecord], rng: np.random.Generator) -> list[ShardRecord]:
    """With times at which they were appended: in bursts, together, and slowly."""
    gaps = [GAPS_MS[at // 700 % len(GAPS_MS)] for at in range(len(records))]
    times = NOW_MS + np.cumsum(gaps) + rng.integers(0, 2, len(records))
    return [record._replace(timestamp_ms=int(time)) for record, time in zip(records, times, strict=True)]


def _unit(vector: npt.NDArray[np.float64]) -> Half:
    return (vector / np.linalg.norm(vector)).astype(np.float16)


def _document(sku: str, order: int, vector: Half) -> DocumentRecord:
    return DocumentRecord(
        sku=sku, order=Order(1, order), content=content(f"Lamp {order}"), vector=b64(vector), encoder=ENCODER
    )


@dataclass(frozen=True)
class Way:
    """How a log is read into a shard. None of it may leave a trace."""

    seed: int | None = None
    """Draws batch cuts and the interleaving of documents and offers; None: documents first, in full batches."""
    restarts: int = 0
    """So often, after drawn batches, it is snapshot and restored."""
    builder: Callable[[], Builder] = BuilderHere
    vectors: type[Vectors] = Vectors
    guards: Guards = GUARDS
    results: ResultOf = no_results
    """What the snapshots of restarts hold of merges under way."""


@dataclass
class Trace:
    """All that must be equal."""

    checkpoints: dict[str, str] = field(default_factory=dict)
    """Digests by topic and offset."""
    snapshots: list[str] = field(default_factory=list)
    """The manifest at each station: checksums of every file, of segments, heads and merges under way too."""
    answers: list[str] = field(default_factory=list)
    """At each station: SKUs and scores, to the last bit."""


@dataclass
class Seen:
    """What went on meanwhile, so that a test can say what it tested."""

    repairs: set[int] = field(default_factory=set)
    """Seals at which a merge of the base was begun that takes dead rows out."""
    rebuilds: set[int] = field(default_factory=set)
    """Those of them that build it anew."""
    merges: int = 0
    waits: int = 0
    carried: int = 0
    """Merges under way that a restart began again."""
    extended: set[int] = field(default_factory=set)
    """Seals at which a merge of a small segment with heads was begun."""
    beside: int = 0
    """The most merges at a time."""


def built(log: Churn, way: Way, folder: Path, pacing: Pacing = PACING) -> tuple[Trace, Seen]:
    """Reads the log in this way. `folder` is its own."""
    trace, seen, lives = Trace(), Seen(), itertools.count()
    origin = ORIGIN.model_copy(update={"dim": log.dim})
    batches = list(_batches(log, way))
    stops = set(random.Random(way.seed).sample(range(len(batches) - 1), way.restarts))
    view: ShardView | None = None
    at = 0
    while at < len(batches):
        end = next((stop + 1 for stop in range(at, len(batches)) if stop in stops), len(batches))
        builder = way.builder()
        try:
            life = folder / str(next(lives))
            shard = _opened(origin, life, builder, pacing, view, way)
            _live(shard, batches[at:end], folder, origin, trace, seen)
            seen.carried += len(shard.view.vectors.pending) if end < len(batches) else 0
            _kept(shard.view, folder / "kept", origin, way.results)
        finally:
            builder.close()
        view, at = restore(folder / "kept", origin, NOW_MS).view, end
    assert view is not None and view.scrub()
    return trace, seen


def _live(
    shard: ShardWriter,
    batches: "list[tuple[list[ShardRecord], bool]]",
    folder: Path,
    origin: Origin,
    trace: Trace,
    seen: Seen,
) -> None:
    """What one process does between two restarts."""
    checkpoints = CheckpointLog(EVERY, shard.view.offsets, shard.structure.structure_digest)
    for batch, is_station in batches:
        assert not apply(batch, shard, checkpoints).refused
        _note(trace, checkpoints)
        _look(seen, shard)
        if is_station:
            trace.snapshots.append(_kept(shard.view, folder / f"station-{len(trace.snapshots)}", origin))
            trace.answers.append(answers(shard.view))
    seen.merges += shard.structure.figures.merges
    seen.waits += shard.structure.figures.waits


def _opened(
    origin: Origin, folder: Path, builder: Builder, pacing: Pacing, start: ShardView | None, way: Way
) -> ShardWriter:
    identity = Identity(0, "test", ENCODER, origin.dim) if start is None else start.identity
    shard = ShardWriter(identity, lambda: NOW_MS, folder, builder, pacing, start, guards=way.guards)
    if way.vectors is not Vectors:
        shard._vectors = way.vectors(origin.dim, folder, builder, pacing, None, np.empty(0, dtype=np.int64))
    return shard


def _batches(log: Churn, way: Way) -> Iterator[tuple[list[ShardRecord], bool]]:
    """And whether a station is reached."""
    draw, done = random.Random(way.seed), (0, 0)
    for station in log.stations:
        documents, offers = log.documents[done[0] : station[0]], log.offers[done[1] : station[1]]
        whole = [*documents, *offers]
        if way.seed is not None:
            ahead = draw.random()  # now documents hurry ahead, now offers
            streams = iter(documents), iter(offers)
            picks = [0] * len(documents) + [1] * len(offers)
            picks.sort(key=lambda pick: draw.random() + ahead * pick)
            whole = [next(streams[pick]) for pick in picks]
        begin = 0
        while begin < len(whole):
            end = begin + (BATCH if way.seed is None else draw.choice((1, 7, 60, 250, BATCH)))
            yield whole[begin:end], end >= len(whole)
            begin = end
        done = station


def _note(trace: Trace, checkpoints: CheckpointLog) -> None:
    for topic, points in (("documents", checkpoints.kept.documents), ("offers", checkpoints.kept.offers)):
        for point in points:
            trace.checkpoints[f"{topic} {point.offset}"] = f"{point.digest} {point.structure}"


def _look(seen: Seen, shard: ShardWriter) -> None:
    pending = shard.view.vectors.pending
    seen.beside = max(seen.beside, len(pending))
    of_old = [one for one in pending if one.of_base and one.taken[0].segment and not one.kept[0].all()]
    seen.repairs |= {one.begun for one in of_old}
    seen.rebuilds |= {one.begun for one in of_old if not one.grown}
    seen.extended |= {one.begun for one in pending if one.grown and not one.of_base}


def _kept(view: ShardView, folder: Path, origin: Origin, results: ResultOf = no_results) -> str:
    folder.mkdir(exist_ok=True)
    return orjson.dumps(write(view, folder, origin, 2, NOW_MS, results=results).model_dump()).decode()


def answers(view: ShardView) -> str:
    """Hash of the answers to fixed queries, with and without a filter."""
    rng, said = np.random.default_rng(11), hashlib.sha256()
    for _ in range(QUERIES):
        query = _unit(rng.standard_normal(view.identity.dim))
        for by in (Filters(), Filters(in_stock=True)):
            found, matching = view.search(query, 10, by)
            assert len(found) == min(10, matching)
            said.update(repr([(one.sku, (one.score or 0.0).hex()) for one in found]).encode())
    return said.hexdigest()


def sums(queries: npt.NDArray[np.float32]) -> str:
    """Hash of the distances that FAISS finds between these queries (n, dim) and a graph."""
    graph = Graph.empty(queries.shape[1])
    for code in np.random.default_rng(3).integers(1, 256, (400, 1, queries.shape[1])).astype(np.float32):
        graph.add(code, 1)
    return hashlib.sha256(graph.scan(Queries(queries), 10)[0].tobytes()).hexdigest()


def main(events: int, skus: int, dims: list[int]) -> None:
    """Prints as JSON what FAISS may not compute differently, and one thing it does: for other settings of FAISS."""
    said: dict[str, Any] = {"traces": [], "repairs": []}
    with tempfile.TemporaryDirectory() as folder:
        for dim in dims:
            (Path(folder) / str(dim)).mkdir()
            trace, seen = built(churn(events, skus, dim), Way(), Path(folder) / str(dim))
            said["traces"].append(asdict(trace))
            said["repairs"].append(len(seen.repairs))
    broken = np.random.default_rng(4).uniform(1, 255, (20, 24)).astype(np.float32)
    print(json.dumps({**said, "broken": sums(broken), "whole": sums(np.rint(broken))}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), [int(text) for text in sys.argv[3:]])
