"""What `freshet bench shard` does: measures a shard engine on a made-up catalogue, and prints it as a table or JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.shard_plan import ShardPlan
from bench.shard_run import run_shard
from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines, say
from freshet.run_bench import row
from schemas.errors import SettingsError

TIMES = ("p50", "p95", "p99", "max", "qps")
PHASES = {"static": "static, merged", "left": "static, as left", "streaming": "streaming", "fast": "streaming fast"}


def shard(plan: ShardPlan, data: Path | None, as_json: bool) -> int:
    """MISMATCH when a written record was not found first by its own vector."""
    figures = run_shard(plan, say, folder_for_files(data))
    if as_json:
        print_json(figures)
    else:
        print_lines(shard_lines(figures))
    parts = (figures["in_process"], figures["http"])
    return MISMATCH if any(part[name]["not_found_first"] for part in parts for name in ("streaming", "fast")) else OK


def folder_for_files(data: Path | None) -> Path | None:
    """The files of a measurement lie on the disk that is asked for, made if it is missing."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
    return data


def full_plan(rows: int, dim: int, rate: float, churn: float, seconds: float | None) -> ShardPlan:
    """`seconds` cuts the streams in-process and over HTTP short, the fast one included. Raises SettingsError."""
    try:
        if seconds is None:
            plan = ShardPlan(rows, dim, rate, churn)
        else:
            churn = min(churn, rate * seconds / rows)
            plan = ShardPlan(rows, dim, rate, churn, fast_s=min(seconds, 30.0), http_s=min(seconds, 100.0))
        plan.workload  # noqa: B018  raises what is wrong with rows and dim
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return plan


def smoke_plan() -> ShardPlan:
    """Seconds, not minutes: whether everything runs. Its times mean nothing."""
    return ShardPlan(
        rows=2_000,
        dim=64,
        rate=500.0,
        churn=0.3,
        window_s=0.2,
        static_rounds=1,
        fast_s=0.4,
        http_s=0.8,
        clients=2,
        queries=100,
        judged=50,
    )


def shard_lines(figures: dict[str, Any]) -> Iterator[str]:
    plan, machine = figures["plan"], figures["machine"]
    yield (
        f"{plan['rows']:,} rows x {plan['dim']}, {plan['rate']:g} and {plan['fast_rate']:g} upserts/s, "
        f"{plan['clients']} clients for throughput; {machine['cores']} cores, {machine['cpu']}; "
        f"load {figures['load_before'][0]} before, {figures['load_after'][0]} after"
    )
    for name, title in (("in_process", "in-process, ms"), ("http", "over HTTP, ms")):
        yield row(title, ["searches", *TIMES])
        for phase, words in PHASES.items():
            yield row("  " + words, [figures[name][phase][key] for key in ("count", *TIMES)])
    for phase, words in (("deep_static", "static, merged"), ("deep_streaming", "streaming")):
        title = f"  {words}, {figures['http_deep']['depth']} candidates"
        yield row(title, [figures["http"][phase][key] for key in ("count", *TIMES)])
    raw = figures["raw_faiss"]
    yield row("raw FAISS", [raw[key] for key in ("count", *TIMES)])
    yield f"raw FAISS with ef {raw['ef']} at recall {raw['recall']:.3f}: {figures['qps_against_raw']} of its throughput"
    yield f"throughput kept: {figures['qps_kept']} in-process, {figures['http_qps_kept']} over HTTP"
    yield "recall@10 at churn: " + ", ".join(f"{one['churn']:g} {one['recall']:.4f}" for one in figures["recall"])
    for name in ("streaming", "fast"):
        yield from _flow_lines(PHASES[name], figures["in_process"][name])
    yield from _memory_lines(figures)


def _flow_lines(title: str, flow: dict[str, Any]) -> Iterator[str]:
    visible = flow["visible_ms"]
    yield (
        f"{title}: {flow['upserts']:,} upserts visible after p50 {visible['p50']}, p95 {visible['p95']}, "
        f"max {visible['max']} ms; CPU us per upsert: writer {flow['writer_cpu_us_per_upsert']}, "
        f"builder {flow['builder_cpu_us_per_upsert']}; {flow['write_amplification']} rows built for each"
    )
    yield (
        f"{title}: {flow['merges']} merges, {flow['repairs']} repairs, {flow['rebuilds']} rebuilds; "
        f"{flow['writer_waits']} waits of the writer, "
        f"the longest since the start {flow['longest_wait_s']} s; longest write {flow['write_max_ms']} ms, "
        f"{flow['long_writes']} beyond 20 ms"
    )


def _memory_lines(figures: dict[str, Any]) -> Iterator[str]:
    http = figures["http"]["streaming"].get("client_cpu_us_per_search")
    yield f"bytes per row {figures['bytes_per_row']}; the clients over HTTP took {http} us of CPU for each search"
    for name in ("in_process", "http"):
        costs = figures[name]["costs"]
        static, streaming = costs["static"]["memory"], costs["streaming"]["memory"]
        yield (
            f"{name}: Pss {static['pss_mb']} MB static, {streaming['pss_mb']} MB after the stream; its builder "
            f"{static['children_pss_mb']} and {streaming['children_pss_mb']} MB; files {streaming['files_mb']} MB"
        )
