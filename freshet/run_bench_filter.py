"""What `freshet bench filter` does: measures filters of many selectivities, and prints them as a table or JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.filter_run import FilterPlan, run_filter
from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines, say
from freshet.run_bench import row
from freshet.run_bench_shard import folder_for_files
from schemas.errors import SettingsError

COLUMNS = ("matching", "count", "p50", "p95", "max", "p95_ratio", "recall", "short")


def filters(rows: int, dim: int, rate: float, smoke: bool, data: Path | None, as_json: bool) -> int:
    """MISMATCH when an answer was shorter than it should be, or a count of matching products was wrong."""
    plan = FilterPlan(2_000, 64, rate, window_s=0.05, rounds=1, queries=100, judged=50)
    if not smoke:
        plan = FilterPlan(rows, dim, rate)
    try:
        plan.workload  # noqa: B018  raises what is wrong with rows and dim
    except ValueError as error:
        raise SettingsError(str(error)) from None
    figures = run_filter(plan, say, folder_for_files(data))
    if as_json:
        print_json(figures)
    else:
        print_lines(filter_lines(figures))
    return OK if figures["counted_right"] and not figures["short"] else MISMATCH


def filter_lines(figures: dict[str, Any]) -> Iterator[str]:
    machine = figures["machine"]
    yield (
        f"{figures['rows']:,} rows x {figures['dim']}, {figures['rate']:g} upserts/s, ms of one client; "
        f"{machine['cores']} cores, {machine['cpu']}; "
        f"load {figures['load_before'][0]} before, {figures['load_after'][0]} after"
    )
    yield row("", ["matching", "searches", "p50", "p95", "max", "p95 ratio", "recall@10", "short"])
    for name, one in figures["filters"].items():
        yield row(name, [one[key] for key in COLUMNS])
    yield (
        f"lowest recall {figures['recall_min']}, highest p95 {figures['p95_ratio_max']} times the unfiltered one, "
        f"{figures['short']} short answers, counts {'right' if figures['counted_right'] else 'WRONG'}"
    )
