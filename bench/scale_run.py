"""One run of `freshet bench scale`: shards of growing size, built as the log would; what each figure grows like."""

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.latency import percentile
from bench.machine import load, machine
from bench.power_law import fitted
from bench.shard_figures import DIGITS, Phase, Spent, Stretch, bytes_per_row
from bench.shard_phases import Threads, rest
from bench.subject import Subject
from bench.truth import nearest, recall
from bench.vector_file import write_vectors
from bench.workload import DEFAULT_SEED, Workload

LIMIT: Final = 10
GROWTH: Final = 0.3
"""So many rows more than its own a shard may need until its base is merged again, as a share; and at least:"""
GROWTH_ROWS: Final = 30_000
ON_PAPER: Final = (10_000_000, 1_000_000_000)
FITTED: Final = {
    "built_s": "time to build",
    "build_cpu_s": "CPU to build",
    "p50_ms": "search p50",
    "p95_ms": "search p95",
    "memory_mb": "memory of the rows",
    "merge_visible_p95_ms": "visible p95 during a merge of the base",
}


@dataclass(frozen=True)
class ScalePlan:
    sizes: tuple[int, ...]
    dim: int
    rate: float
    """Upserts a second while the base is merged."""
    window_s: float = 5.0
    rounds: int = 3
    merge_s: float = 60.0
    """Longest stream during a merge of the base."""
    clients: int = 4
    queries: int = 1_000
    judged: int = 300
    seed: int = DEFAULT_SEED

    def records(self, rows: int) -> int:
        stream = round(self.rate * self.merge_s)
        return rows + max(GROWTH_ROWS, math.ceil(GROWTH * rows)) + stream


def run_scale(plan: ScalePlan, say: Callable[[str], None], within: Path | None = None) -> dict[str, Any]:
    """`within`: where its files lie meanwhile. Raises SubjectFailed."""
    load_before = load()
    sizes = [_measure(plan, rows, say, within) for rows in plan.sizes]
    return {
        "dim": plan.dim,
        "rate": plan.rate,
        "seed": plan.seed,
        "machine": machine(),
        "load_before": load_before,
        "load_after": load(),
        "sizes": sizes,
        "fits": fits(sizes),
    }


def _measure(plan: ScalePlan, rows: int, say: Callable[[str], None], within: Path | None) -> dict[str, Any]:
    workload, records = Workload(rows, plan.dim, plan.seed), plan.records(rows)
    with tempfile.TemporaryDirectory(prefix="freshet-bench-", dir=within) as folder:
        vectors = Path(folder) / "vectors"
        say(f"{rows:,} rows: drawing vectors")
        write_vectors(vectors, workload, records)
        catalogue = np.memmap(vectors, dtype="<f2", mode="r", shape=(records, plan.dim))[:rows]
        exact = nearest(catalogue, workload.queries(plan.judged), LIMIT)
        del catalogue
        setup = {
            "folder": str(Path(folder) / "shard"),
            "vectors": str(vectors),
            "rows": rows,
            "dim": plan.dim,
            "seed": plan.seed,
            "records": records,
            "queries": plan.queries,
        }
        with Subject("bench.shard_in_process", setup) as shard:
            say(f"{rows:,} rows: building")
            built = shard.ask("load")
            found = shard.ask("found", queries=plan.judged)
            say(f"{rows:,} rows: searching")
            phase = Phase()
            for _ in range(plan.rounds):
                rest([(phase, Threads(shard, plan.clients))], plan.window_s)
            costs = shard.ask("costs")
            say(f"{rows:,} rows: merging the base")
            merge = _during_merge(plan, shard, records)
    return size_figures(rows, built, phase, costs, merge) | {"recall": round(recall(found["found"], exact), 4)}


def _during_merge(plan: ScalePlan, shard: Subject, records: int) -> dict[str, Any]:
    """Writes until the base is being merged, then streams at the plan's rate until that is over or `merge_s` are."""
    shard.ask("load_until_merge", last=records - round(plan.rate * plan.merge_s))
    before, spent = shard.ask("costs"), Spent()
    began_s, stretch, phase, merging = time.monotonic(), Stretch(), Phase(), True
    shard.ask("stream", rate=plan.rate, last=records)
    while merging and time.monotonic() - began_s < plan.merge_s:
        seconds = min(plan.window_s, plan.merge_s / 4)
        phase.add_latency(shard.ask("latency", seconds=seconds))
        merging = shard.ask("merging")["base"]
        stretch.add(shard.ask("flow"))
    stretch.add(shard.ask("stop"))
    spent.add(before, shard.ask("costs"))
    return {
        "searches": phase.figures(),
        "seconds": round(time.monotonic() - began_s, 1),
        **stretch.figures(),
        **spent.figures(stretch.upserts),
    }


def size_figures(
    rows: int, built: dict[str, Any], phase: Phase, costs: dict[str, Any], merge: dict[str, Any]
) -> dict[str, Any]:
    memory = costs["memory"]
    return {
        "rows": rows,
        "built_s": round(built["settled_s"], DIGITS),
        "build_cpu_s": round(costs["loaded_cpu_s"], DIGITS),
        "p50_ms": round(percentile(phase.waits_ms, 0.5), DIGITS),
        "p95_ms": round(phase.p95_ms, DIGITS),
        "qps": round(phase.qps, 1),
        "pss_mb": memory["pss_mb"],
        "memory_mb": round(memory["pss_mb"] - memory["empty_pss_mb"], 1),
        "bytes_per_row": bytes_per_row(memory, costs["rows"]),
        "files_mb": memory["files_mb"],
        "merge_visible_p95_ms": merge["visible_ms"]["p95"],
        "merge_search_p95_ms": merge["searches"]["p95"],
        "merge": merge,
        "engine": costs["engine"],
    }


def fits(sizes: list[dict[str, Any]]) -> dict[str, Any]:
    """By figure of FITTED: the power law through all sizes, and what it says of sizes on paper."""
    rows = [one["rows"] for one in sizes]
    found: dict[str, Any] = {}
    for name in FITTED:
        law = fitted(rows, [one[name] or 0.0 for one in sizes])
        found[name] = law and {
            "factor": law.factor,
            "exponent": round(law.exponent, DIGITS),
            "on_paper": {str(size): round(law.at(size), DIGITS) for size in ON_PAPER},
        }
    return found
