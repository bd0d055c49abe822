"""`freshet bench restore` in seconds, on a real Kafka: a shard process starts from its folder and from a bucket."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from bench.restore_run import CHANGED, RestorePlan
from bench.shard_process import ShardProcess
from bench.subject import SubjectFailed
from encoders.build import repair_bundle
from freshet.run_bench_restore import restore_lines
from tests.contract.conftest import BUNDLE_FOLDER


def test_the_smoke_run_starts_from_both() -> None:
    command = [sys.executable, "-m", "freshet", "bench", "restore", "--smoke", "--store", "s3", "--json"]
    environ = os.environ | {"FRESHET_MODEL": str(repair_bundle(BUNDLE_FOLDER))}
    figures = orjson.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environ).stdout)
    assert figures["store"] == "s3"
    (local,), (fetched,) = figures["starts"], figures["starts_from_store"]
    for start in (local, fetched):
        assert start["ready_s"] > start["tail_s"] > 0 and start["records"] == 50 and start["rows"] >= 500
    assert "fetch_s" in fetched and "fetch_s" not in local
    assert figures["first"]["new_mb"] == figures["first"]["mb"] > figures["first"]["sent_mb"] > 0
    assert figures["snapshots_meanwhile"] >= 1
    assert 0 < figures["second_snapshot_share"] <= figures["second_share_new"]
    written = figures["second_written_mb"]
    assert {"bodies", "states", "names", "manifest"} <= written.keys() and not written.keys() & {"graph", "vectors"}
    assert figures["snapshot_search_p95_ratio"] > 0
    assert figures["snapshot_freshness_p95_ms"] == figures["visible_ms"]["writing"]["p95"]
    assert figures["visible_ms"]["writing"]["count"] + figures["visible_ms"]["without"]["count"] > 0
    assert len(list(restore_lines(figures))) == 1 + 1 + 2 + 1 + 2 + 3


def test_the_second_snapshot_is_of_five_per_cent_more_records() -> None:
    plan = RestorePlan(1_000, 384, tail=10, rate=1.0)
    assert CHANGED == 0.05 and plan.changed == 1_050
    assert plan.records == 1_050 + round(plan.window_s * (2 * plan.rounds + 1))
    assert RestorePlan(1_000, 384, tail=10_000, rate=1.0).records == 11_050


def test_a_process_that_ends_says_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        ShardProcess({"nonsense": 1}, 1, log) as process,
        pytest.raises(SubjectFailed, match="ended with code 2") as ended,
    ):
        process.until_ready()
    assert "FRESHET_NONSENSE" in ended.value.hint
