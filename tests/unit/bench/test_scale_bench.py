"""`freshet bench scale` in seconds: each size is measured, and the laws go through the sizes."""

import subprocess
import sys

import orjson
import pytest

from bench.scale_run import FITTED, ON_PAPER, ScalePlan, fits
from freshet.run_bench_scale import scale_lines, sizes
from schemas.errors import SettingsError


def test_the_smoke_run_measures_each_size() -> None:
    command = [sys.executable, "-m", "freshet", "bench", "scale", "--smoke", "--json"]
    figures = orjson.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert [one["rows"] for one in figures["sizes"]] == [600, 1_200]
    assert all(one["recall"] >= 0.9 for one in figures["sizes"])
    assert all(one["merge"]["upserts"] > 0 for one in figures["sizes"])
    assert set(figures["fits"]) == set(FITTED)
    assert len(list(scale_lines(figures))) == 2 + 2 + len(FITTED)


def test_the_laws_are_read_at_the_sizes_on_paper() -> None:
    measured = [{**dict.fromkeys(FITTED, 1.0), "rows": rows, "built_s": rows / 1_000} for rows in (10_000, 100_000)]
    found = fits(measured)
    assert found["built_s"]["exponent"] == 1.0
    assert found["built_s"]["on_paper"] == {str(size): size / 1_000 for size in ON_PAPER}
    assert found["p50_ms"]["on_paper"] == {str(size): 1.0 for size in ON_PAPER}
    assert fits([{**measured[0], "p95_ms": None}, measured[1]])["p95_ms"] is None


def test_sizes_are_read_from_their_list() -> None:
    assert sizes("100000,10000,10000") == (10_000, 100_000)
    with pytest.raises(SettingsError, match="not a list of numbers"):
        sizes("many")


def test_a_shard_may_need_a_third_more_rows_until_its_base_is_merged() -> None:
    plan = ScalePlan((1,), 64, rate=500, merge_s=60)
    assert plan.records(1_000) == 1_000 + 30_000 + 30_000
    assert plan.records(1_000_000) == 1_000_000 + 300_000 + 30_000
