"""`freshet bench shard` in seconds: every process runs, every key is there, and recall is really computed."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from bench.filter_labels import NAMES, NO_LABEL, SHARES, cluster_labels, fields, filters, labels_of
from bench.shard_plan import ShardPlan
from bench.shard_records import changes, log_value, sku_name, sku_number
from bench.subject import Subject, SubjectFailed
from bench.truth import nearest
from bench.vector_file import VectorFile, write_vectors
from bench.workload import Workload
from freshet.run_bench_shard import full_plan, shard_lines, smoke_plan
from index_snapshots.apply import check, parse
from index_snapshots.protocol import DocumentChange

HEADLINE = {
    "qps_static",
    "qps_kept",
    "p95_static_ms",
    "p95_streaming_ms",
    "p95_ratio",
    "max_ms",
    "recall_min",
    "visible_p95_ms",
    "bytes_per_row",
    "http_qps_static",
    "http_qps_kept",
    "http_p95_static_ms",
    "http_p95_streaming_ms",
    "qps_against_raw",
}


def test_the_smoke_run_fills_every_key_of_the_headline() -> None:
    command = [sys.executable, "-m", "freshet", "bench", "shard", "--smoke", "--json"]
    figures = orjson.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert set(figures) >= HEADLINE
    assert all(isinstance(figures[name], int | float) for name in HEADLINE)
    assert 0.9 <= figures["recall_min"] <= 1.0
    legs = [one["upserts"] for one in figures["recall"] if one["phase"] == "streaming"]
    assert all(upserts > 0 for upserts in legs)
    assert figures["in_process"]["streaming"]["not_found_first"] == 0
    assert figures["raw_faiss"]["recall"] >= figures["raw_faiss"]["wanted_recall"] - 1e-4
    assert any("raw FAISS with ef" in line for line in shard_lines(figures))


def test_what_the_shard_found_is_judged_against_an_independent_truth(tmp_path: Path) -> None:
    workload = Workload(500, 64)
    write_vectors(tmp_path / "vectors", workload, 600)
    setup = {"folder": str(tmp_path / "shard"), "vectors": str(tmp_path / "vectors"), "rows": 500, "dim": 64}
    with Subject("bench.shard_in_process", setup | {"seed": workload.seed, "records": 600, "queries": 20}) as shard:
        shard.ask("load")
        found = shard.ask("found", queries=20)
        with pytest.raises(SubjectFailed, match="brand"):
            shard.ask("found", queries=20, filters={"brand": []})
    exact = nearest(workload.catalogue(0, 500), workload.queries(20), 10)
    assert found["records"] == 500
    assert found["found"] == [line.tolist() for line in exact]


def test_a_subject_that_ends_is_named() -> None:
    with (
        pytest.raises(SubjectFailed, match=r"bench\.shard_in_process ended with code 1"),
        Subject("bench.shard_in_process", {}) as shard,
    ):
        shard.ask("load")


def test_the_vector_file_is_the_catalogue_and_then_the_stream(tmp_path: Path) -> None:
    workload = Workload(300, 64)
    write_vectors(tmp_path / "vectors", workload, 500)
    file = VectorFile(tmp_path / "vectors", 64)
    assert file.count == 500
    assert np.array_equal(file.read(0, 300), workload.catalogue(0, 300))
    assert np.array_equal(file.read(290, 20)[10:], workload.upserts(0, 10))
    with pytest.raises(ValueError, match="499 to 501 of 500"):
        file.read(499, 2)
    file.close()


def test_the_log_record_and_the_change_of_a_record_are_the_same() -> None:
    vector = Workload(10, 64).catalogue(3, 1)[0]
    [change] = changes(3, np.array([7]), vector[None, :])
    record = parse("documents", 3, sku_name(7).encode(), log_value(3, 7, vector), change.timestamp_ms)
    checked = check(record, "bench", 64)
    assert isinstance(checked, DocumentChange)
    assert checked._replace(vector=None) == change._replace(vector=None)
    assert checked.vector is not None and checked.vector.tobytes() == vector.tobytes()
    assert sku_number(sku_name(7)) == 7


def test_legs_end_with_the_churn() -> None:
    plan = full_plan(1_000, 64, 100, 0.6, None)
    assert plan.legs == [250, 500, 600]
    assert full_plan(1_000, 64, 100, 2.0, 3).legs == [250, 300]
    assert plan.records == 1_000 + max(600, plan.http_legs[-1]) + plan.fast_upserts
    assert smoke_plan().legs[-1] == 600


@pytest.mark.parametrize("name", ["rows", "rate", "churn", "window_s", "fast_s", "http_s", "clients", "judged"])
def test_a_plan_needs_positive_figures(name: str) -> None:
    plan = ShardPlan(1_000, 64, 100, 0.6)
    with pytest.raises(ValueError, match=f"{name} must be above 0"):
        replace(plan, **{name: 0})


def test_labels_have_about_their_share_and_a_cluster_has_one() -> None:
    workload = Workload(30_000, 64)
    labels = labels_of(workload, 30_500)
    for label, share in enumerate(SHARES.values()):
        for kind, below in (("random", 0.6), ("correlated", 0.5)):
            assert below * share <= (labels[kind] == label).mean() <= 1.4 * share + 0.001
    clusters = workload.catalogue_clusters(0, 30_000)
    assert np.array_equal(labels["correlated"][:30_000], cluster_labels(workload)[clusters])
    assert np.array_equal(labels_of(workload, 200)["random"], labels["random"][:200])


def test_fields_say_what_the_filters_ask_for() -> None:
    labels = {"random": np.array([NO_LABEL, 1]), "correlated": np.array([3, NO_LABEL])}
    assert fields(labels, 0, 2) == [{"category": ["Shop", "Category 50 %"]}, {"brand": "Brand 1 %"}]
    assert filters("random", 1) == {"brand": ["Brand 1 %"]}
    assert filters("correlated", NAMES.index("50")) == {"category": [["Shop", "Category 50 %"]]}
