"""What `freshet bench hedging` does: measures the router over a slow replica, and prints it as a table or JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.hedging_run import WAYS, HedgingPlan, run_hedging
from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines, say
from freshet.run_bench import PERCENTILES, row
from freshet.run_bench_shard import folder_for_files
from schemas.errors import SettingsError

CASES = ("both_quick", "one_slow", "one_slow_at_times")


def hedging(plan: HedgingPlan, data: Path | None, as_json: bool) -> int:
    """MISMATCH when a search was not answered."""
    try:
        figures = run_hedging(plan, say, folder_for_files(data))
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if as_json:
        print_json(figures)
    else:
        print_lines(hedging_lines(figures))
    return MISMATCH if any(figures[case][way.name]["failed"] for case in CASES for way in WAYS) else OK


def smoke_plan() -> HedgingPlan:
    return HedgingPlan(rows=500, dim=64, qps=300, seconds=0.1, slow_ms=50, slow_share=0.1, hedge_share=0.05, warm=30)


def hedging_lines(figures: dict[str, Any]) -> Iterator[str]:
    machine = figures["machine"]
    yield (
        f"two replicas of {figures['rows']:,} rows, {figures['searches_per_s']:g} searches/s, ms from the intended "
        f"send time; {machine['cores']} cores, {machine['cpu']}; "
        f"load {figures['load_before'][0]} before, {figures['load_after'][0]} after"
    )
    for case in CASES:
        slow = {"one_slow": 1.0, "one_slow_at_times": figures["slow_share"]}.get(case)
        yield case.replace("_", " ") + (f": {slow:.0%} of its answers {figures['slow_ms']:g} ms later" if slow else "")
        yield row("", ["searches", *PERCENTILES, "extra load", "failed"])
        for way in WAYS:
            one = figures[case][way.name]
            yield row(way.name, [one[name] for name in ("count", *PERCENTILES, "extra_load", "failed")])
