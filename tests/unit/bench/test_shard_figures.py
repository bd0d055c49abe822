"""Windows add up to phases, flows to stretches, and the headline is computed from them."""

import math
from typing import Any

from bench.paced_stream import Flow
from bench.samples import packed, samples, unpacked
from bench.shard_figures import (
    Phase,
    Spent,
    Stretch,
    bytes_per_row,
    each_us,
    headline,
    http_headline,
    ratio,
)


def phase(waits_ms: list[float], searches: int = 0, seconds: float = 1.0) -> Phase:
    made = Phase()
    made.add_latency({"waits_ms": packed(waits_ms)})
    made.add_throughput({"searches": searches, "seconds": seconds})
    return made


def test_packed_times_come_back_to_fp32() -> None:
    assert unpacked(packed([0.5, 1.25, 300.0])) == [0.5, 1.25, 300.0]
    assert unpacked(packed([])) == []


def test_windows_of_a_phase_are_pooled() -> None:
    pooled = phase([1.0, 2.0], 100, 2.0)
    pooled.add_latency({"waits_ms": packed([3.0, 4.0])})
    pooled.add_throughput({"searches": 200, "seconds": 1.0})
    assert pooled.qps == 100.0
    assert pooled.figures() == {"count": 4, "p50": 2.0, "p95": 4.0, "p99": 4.0, "max": 4.0, "qps": 100.0}


def test_the_clients_cpu_is_told_where_they_are_processes() -> None:
    over_http = Phase()
    over_http.add_latency({"waits_ms": packed([1.0] * 10), "cpu_s": 0.001})
    over_http.add_throughput({"searches": 90, "seconds": 1.0, "cpu_s": 0.009})
    assert over_http.figures()["client_cpu_us_per_search"] == 100.0
    assert "client_cpu_us_per_search" not in phase([1.0], 1).figures()


def test_a_phase_without_a_window_has_no_figures() -> None:
    empty = Phase()
    assert empty.figures() == {"count": 0, "p50": None, "p95": None, "p99": None, "max": None, "qps": 0.0}
    assert math.isnan(empty.p95_ms) and math.isnan(empty.max_ms)


def test_flows_add_up_and_the_longest_stays() -> None:
    stretch = Stretch()
    first = Flow(upserts=100, writer_cpu_s=0.01, write_max_ms=9.0, long_writes=1, late_max_ms=2.0)
    second = Flow(upserts=300, writer_cpu_s=0.03, write_max_ms=5.0, long_writes=2, late_max_ms=7.0, missed=1)
    first.from_intended_ms, second.from_intended_ms = samples([1.0]), samples([2.0, 3.0])
    first.from_write_ms, second.from_write_ms = samples([0.5]), samples([1.0, 1.5])
    for flow in (first, second):
        stretch.add(flow.figures())
    assert stretch.figures() == {
        "upserts": 400,
        "writer_cpu_us_per_upsert": 100.0,
        "write_max_ms": 9.0,
        "long_writes": 3,
        "late_max_ms": 7.0,
        "not_found_first": 1,
        "visible_ms": {"count": 3, "p50": 2.0, "p95": 3.0, "p99": 3.0, "max": 3.0},
        "visible_from_write_ms": {"count": 3, "p50": 1.0, "p95": 1.5, "p99": 1.5, "max": 1.5},
    }


def test_the_headline_compares_streaming_with_static() -> None:
    stretch = Stretch(from_intended_ms=[1.0, 2.0, 5.0])
    figures = headline(phase([0.2, 0.4], 1_000), phase([0.3, 0.6, 7.0], 750), stretch, [0.99, 0.981], 1_300)
    assert figures == {
        "qps_static": 1000.0,
        "qps_kept": 0.75,
        "p95_static_ms": 0.4,
        "p95_streaming_ms": 7.0,
        "p95_ratio": 17.5,
        "max_ms": 7.0,
        "recall_min": 0.981,
        "visible_p95_ms": 5.0,
        "bytes_per_row": 1_300,
    }
    assert http_headline(phase([2.0], 500), phase([3.0], 400)) == {
        "http_qps_static": 500.0,
        "http_qps_kept": 0.8,
        "http_p95_static_ms": 2.0,
        "http_p95_streaming_ms": 3.0,
    }


def test_nothing_is_divided_by_nothing() -> None:
    assert ratio(1.0, 0.0) is None and ratio(1.0, 4.0) == 0.25
    assert each_us(1.0, 0) is None and each_us(0.5, 1_000) == 500.0
    memory = {"pss_mb": 210.0, "empty_pss_mb": 65.0, "bodies_mb": 10.0}
    assert bytes_per_row(memory, 0) is None and bytes_per_row(memory, 100_000) == 1_350


def costs(children_s: float, rows_built: int, merges: int, waited_s: float) -> dict[str, Any]:
    engine = {
        "rows_built": rows_built,
        "merges": merges,
        "repairs": 1,
        "rebuilds": 0,
        "waits": merges,
        "waited_s": waited_s,
    }
    return {"cpu": {"children_s": children_s}, "engine": engine | {"longest_wait_s": waited_s}}


def test_what_the_engine_did_is_the_sum_of_the_differences() -> None:
    spent = Spent()
    spent.add(costs(10.0, 5_000, 7, 1.0), costs(10.5, 6_000, 8, 1.0))
    spent.add(costs(20.0, 7_000, 9, 1.0), costs(20.5, 9_000, 11, 1.75))
    assert spent.figures(2_000) == {
        "builder_cpu_us_per_upsert": 500.0,
        "write_amplification": 1.5,
        "merges": 3,
        "repairs": 0,
        "rebuilds": 0,
        "writer_waits": 3,
        "writer_waited_s": 0.75,
        "longest_wait_s": 1.75,
    }
    assert Spent().figures(0)["write_amplification"] is None
