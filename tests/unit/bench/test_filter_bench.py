"""`freshet bench filter` in seconds: every filter is measured, and judged by its own truth."""

import subprocess
import sys

import orjson
import pytest

from bench.filter_run import CASES, FilterPlan, Judged, summed_up
from bench.samples import packed
from bench.shard_figures import Phase
from freshet.run_bench_filter import filter_lines


@pytest.mark.parametrize("rate", [0, 500])
def test_the_smoke_run_judges_each_filter(rate: int) -> None:
    command = [sys.executable, "-m", "freshet", "bench", "filter", "--smoke", "--json", "--rate", str(rate)]
    figures = orjson.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert set(figures["filters"]) == {case.name for case in CASES}
    assert figures["short"] == 0 and figures["counted_right"]
    assert figures["recall_min"] >= 0.9
    assert ("stream" in figures) == bool(rate)
    for name, one in figures["filters"].items():
        assert one["count"] > 0 and one["p95"] > 0
        assert 0 < one["matching"] <= 0.7 * figures["rows"] or name == "unfiltered"
    assert len(list(filter_lines(figures))) == 3 + len(CASES)


def test_the_worst_filter_decides() -> None:
    times, judged = {}, {}
    for case, wait_ms in zip(CASES, range(1, 20), strict=False):
        times[case.name] = Phase()
        times[case.name].add_latency({"waits_ms": packed([float(wait_ms)])})
        judged[case.name] = Judged(1.0, 100, counted_right=True, short=0)
    assert (summed_up(times, judged)["recall_min"], summed_up(times, judged)["short"]) == (1.0, 0)
    judged["correlated 1 %"] = Judged(0.5, 100, counted_right=False, short=3)
    figures = summed_up(times, judged)
    assert figures["p95_ratio_max"] == float(len(CASES))
    assert (figures["recall_min"], figures["short"], figures["counted_right"]) == (0.5, 3, False)


def test_the_stream_is_long_enough_for_all_windows() -> None:
    assert FilterPlan(1_000, 64).records == 1_000
    plan = FilterPlan(1_000, 64, rate=500, window_s=1.0, rounds=5)
    assert plan.records - plan.rows >= plan.rate * plan.rounds * len(CASES) * 2
