"""The merged view finds what the shard finds, in one graph without dead nodes, and leaves the shard as it is."""

from pathlib import Path

import numpy as np

from bench.measured_shard import engine_figures, merging_base, open_shard
from bench.merged_view import MergedView
from bench.shard_records import changes, sku_name
from bench.truth import nearest, recall
from bench.workload import Mirror, Workload, blocks
from index_snapshots.builder import BuilderHere
from index_snapshots.protocol import Offsets
from index_snapshots.writer import ShardWriter
from schemas.filters import Filters

WORKLOAD = Workload(3_000, 64)
UPSERTS = 1_500


def filled(folder: Path) -> ShardWriter:
    shard = open_shard(folder, 64, BuilderHere())
    vectors = np.concatenate([WORKLOAD.catalogue(0, WORKLOAD.rows), WORKLOAD.upserts(0, UPSERTS)])
    skus = WORKLOAD.skus(len(vectors))
    for first, count in blocks(len(vectors), 500):
        some = slice(first, first + count)
        shard.write(changes(first, skus[some], vectors[some]), Offsets(first + count, 0))
    return shard


def test_one_graph_holds_every_living_row_and_is_found_as_in_the_shard(tmp_path: Path) -> None:
    shard = filled(tmp_path / "shard")
    view, parts = shard.view, engine_figures(shard)["parts"]
    merged = MergedView(view, tmp_path / "merged").opened()
    mirror = Mirror(WORKLOAD, UPSERTS)
    mirror.advance(UPSERTS)
    queries = WORKLOAD.queries(50)
    exact = nearest(mirror.vectors, queries, 10)
    found = [[int(one.sku[-8:]) for one in merged.search(query, 10, Filters()).found] for query in queries]
    assert [part.shown for part in merged.vectors.parts] == [mirror.skus]
    assert recall(found, exact) >= 0.97
    assert merged.search(mirror.vectors[7], 1, Filters()).found[0].sku == sku_name(7)
    assert engine_figures(shard)["parts"] == parts and shard.view is view
    assert sum(part["shown"] for part in parts) == mirror.skus < sum(part["rows"] for part in parts)


def test_a_merge_of_the_base_is_seen_while_it_is_under_way(tmp_path: Path) -> None:
    shard = open_shard(tmp_path, 64, BuilderHere())
    assert not merging_base(shard.view)
    skus, vectors = np.arange(3_000), WORKLOAD.catalogue(0, 3_000)
    seen = set()
    for first, count in blocks(3_000, 100):
        some = slice(first, first + count)
        shard.write(changes(first, skus[some], vectors[some]), Offsets(first + count, 0))
        seen.add(merging_base(shard.view))
    assert seen == {False, True}
