"""C9: a catalogue that is replaced ten times over is searched as well as on its first day; a line of JSON per time.

That it would not be without mending the graphs is among the tests of repairs.
"""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.measured_shard import wait_for_builder
from bench.shard_records import ENCODER, changes, sku_number
from bench.truth import nearest, recall
from bench.workload import Mirror, Workload, blocks
from index_snapshots.builder import BuilderProcess
from index_snapshots.pacing import Pacing
from index_snapshots.protocol import Identity, Offsets
from index_snapshots.view import ShardView
from index_snapshots.writer import ShardWriter
from schemas.filters import Filters

ROWS, DIM, TIMES = 10_000, 384, 10
QUERIES, LIMIT, BATCH = 300, 10, 500
PACING = replace(Pacing(), head_rows=1_024)
"""A merge for every tenth of the catalogue at most."""
RECALL_MIN = 0.97
"""At `FRESHET_RECALL` 0.98, for so many queries."""


@pytest.mark.drill
@pytest.mark.timeout(600)
def test_recall_while_the_catalogue_is_replaced_ten_times(tmp_path: Path) -> None:
    workload, builder = Workload(ROWS, DIM), BuilderProcess()
    identity = Identity(0, "drill", ENCODER, DIM)
    shard = ShardWriter(identity, lambda: time.time_ns() // 1_000_000, tmp_path / "segments", builder, PACING)
    mirror, recalls = Mirror(workload, TIMES * ROWS), []
    skus = workload.skus((TIMES + 1) * ROWS)
    for times in range(TIMES + 1):
        first = times * ROWS
        vectors = workload.upserts(first - ROWS, ROWS) if times else workload.catalogue(0, ROWS)
        for at, count in blocks(ROWS, BATCH):
            some = slice(at, at + count)
            batch = changes(first + at, skus[first:][some], vectors[some])
            shard.write(batch, Offsets(first + at + count, 0))
        wait_for_builder()
        mirror.advance(first)
        recalls.append(round(found_share(shard.view, mirror, workload), 4))
        figures = shard.structure.figures
        work = {"merges": figures.merges, "repairs": figures.repairs, "rebuilds": figures.rebuilds}
        print(json.dumps({"replaced": times, "recall": recalls[-1], "products": shard.view.counts.rows, **work}))
    builder.close()
    assert shard.structure.figures.repairs > TIMES
    assert min(recalls) >= RECALL_MIN, recalls


def found_share(view: ShardView, mirror: Mirror, workload: Workload) -> float:
    """Recall@10."""
    queries = workload.queries(QUERIES)
    answers = [[sku_number(one.sku) for one in view.search(query, LIMIT, Filters()).found] for query in queries]
    return recall(answers, nearest(mirror.vectors, queries, LIMIT))
