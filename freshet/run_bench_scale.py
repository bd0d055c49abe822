"""What `freshet bench scale` does: measures shards of growing size, and prints what grows like what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.scale_run import FITTED, ScalePlan, run_scale
from bench.workload import Workload
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines, say
from freshet.run_bench import row
from freshet.run_bench_shard import folder_for_files
from schemas.errors import SettingsError

COLUMNS = {
    "built_s": "built s",
    "build_cpu_s": "CPU s",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "qps": "QPS",
    "recall": "recall@10",
    "bytes_per_row": "bytes/row",
    "merge_search_p95_ms": "merge: p95 ms",
    "merge_visible_p95_ms": "visible p95",
}


def scale(rows: str, dim: int, rate: float, smoke: bool, data: Path | None, as_json: bool) -> int:
    plan = ScalePlan((600, 1_200), 64, rate, 0.1, rounds=1, merge_s=0.5, clients=2, queries=100, judged=50)
    if not smoke:
        plan = ScalePlan(sizes(rows), dim, rate)
    try:
        for size in plan.sizes:
            Workload(size, plan.dim)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    figures = run_scale(plan, say, folder_for_files(data))
    if as_json:
        print_json(figures)
    else:
        print_lines(scale_lines(figures))
    return OK


def sizes(text: str) -> tuple[int, ...]:
    """Numbers of rows from their list, rising. Raises SettingsError."""
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise SettingsError(
            f"{text!r} is not a list of numbers of rows", hint="one looks like 10000,100000,1000000"
        ) from None
    return found


def scale_lines(figures: dict[str, Any]) -> Iterator[str]:
    machine = figures["machine"]
    yield (
        f"{figures['dim']} dimensions, {figures['rate']:g} upserts/s while the base is merged; "
        f"{machine['cores']} cores, {machine['cpu']}; "
        f"load {figures['load_before'][0]} before, {figures['load_after'][0]} after"
    )
    yield row("rows", list(COLUMNS.values()))
    for one in figures["sizes"]:
        yield row(f"{one['rows']:,}", [one[name] for name in COLUMNS])
    for name, words in FITTED.items():
        law = figures["fits"][name]
        if law is None:
            yield f"{words}: no power law through these values"
        else:
            paper = ", ".join(f"{value:,.4g} at {int(size):,}" for size, value in law["on_paper"].items())
            yield f"{words} grows like rows^{law['exponent']}: {paper} ({name.rsplit('_', 1)[-1]})"
