"""One run of `freshet bench filter`: a shard under filters of many selectivities, against itself without a filter.

All filters take turns in each round, so that a drift of the machine meets all. What they find is judged afterwards.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.filter_labels import KINDS, NAMES, filters, labels_of
from bench.machine import load, machine
from bench.shard_figures import DIGITS, Phase, Stretch, ratio
from bench.subject import Subject
from bench.truth import nearest, recall
from bench.vector_file import write_vectors
from bench.workload import DEFAULT_SEED, Mirror, Workload

LIMIT: Final = 10
UNFILTERED: Final = "unfiltered"
STREAM_SLACK: Final = 2.0
"""So many times the records that the stream should need are drawn: windows overrun a little."""


@dataclass(frozen=True)
class FilterPlan:
    rows: int
    dim: int
    rate: float = 0.0
    """Upserts a second meanwhile; 0: none."""
    window_s: float = 1.0
    rounds: int = 5
    queries: int = 1_000
    judged: int = 300
    seed: int = DEFAULT_SEED

    @property
    def workload(self) -> Workload:
        return Workload(self.rows, self.dim, self.seed)

    @property
    def records(self) -> int:
        """The catalogue, and what the stream takes while all is measured."""
        windows = self.rounds * (1 + len(KINDS) * len(NAMES))
        return self.rows + round(self.rate * windows * (self.window_s + 1.0) * STREAM_SLACK)


@dataclass(frozen=True)
class Case:
    """One filter."""

    kind: str
    """How the passing products were chosen: `random` or `correlated`; `unfiltered`."""
    label: int | None = None

    @property
    def name(self) -> str:
        return self.kind if self.label is None else f"{self.kind} {NAMES[self.label]} %"

    @property
    def filters(self) -> dict[str, Any] | None:
        return None if self.label is None else dict(filters(self.kind, self.label))


CASES: Final = (Case(UNFILTERED), *(Case(kind, label) for kind in KINDS for label in reversed(range(len(NAMES)))))


@dataclass
class Judged:
    """What a filter found, and should have."""

    recall: float
    matching: int
    """Products that pass, exactly."""
    counted_right: bool
    """Whether the shard said so many."""
    short: int
    """Answers with fewer hits than there are, up to the limit."""


@dataclass
class Measured:
    times: dict[str, Phase] = field(default_factory=lambda: {case.name: Phase() for case in CASES})
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    stretch: Stretch = field(default_factory=Stretch)


def run_filter(plan: FilterPlan, say: Callable[[str], None], within: Path | None = None) -> dict[str, Any]:
    """`within`: where its files lie meanwhile. Raises SubjectFailed."""
    load_before = load()
    with tempfile.TemporaryDirectory(prefix="freshet-bench-", dir=within) as folder:
        say(f"drawing {plan.records:,} vectors")
        write_vectors(Path(folder) / "vectors", plan.workload, plan.records)
        measured = _measure(plan, Path(folder), say)
    say("computing the exact truth")
    judged = dict(_judged(plan, measured.found))
    return {
        "rows": plan.rows,
        "dim": plan.dim,
        "rate": plan.rate,
        "seed": plan.seed,
        "machine": machine(),
        "load_before": load_before,
        "load_after": load(),
        **summed_up(measured.times, judged),
        **({"stream": measured.stretch.figures()} if plan.rate else {}),
    }


def _measure(plan: FilterPlan, place: Path, say: Callable[[str], None]) -> Measured:
    measured = Measured()
    setup = {
        "folder": str(place / "shard"),
        "vectors": str(place / "vectors"),
        "rows": plan.rows,
        "dim": plan.dim,
        "seed": plan.seed,
        "records": plan.records,
        "queries": plan.queries,
        "labelled": True,
    }
    with Subject("bench.shard_in_process", setup) as shard:
        say("loading")
        shard.ask("load")
        if plan.rate:
            shard.ask("stream", rate=plan.rate, last=plan.records)
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}")
            for case in CASES:
                window = shard.ask("latency", seconds=plan.window_s, filters=case.filters)
                measured.times[case.name].add_latency(window)
        if plan.rate:
            measured.stretch.add(shard.ask("stop"))
        for case in CASES:
            measured.found[case.name] = shard.ask("found", queries=plan.judged, filters=case.filters)
    return measured


def _judged(plan: FilterPlan, found: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Judged]]:
    records = found[UNFILTERED]["records"]
    mirror = Mirror(plan.workload, records - plan.rows)
    mirror.advance(records - plan.rows)
    labels, queries = labels_of(plan.workload, records), plan.workload.queries(plan.judged)
    for case in CASES:
        passing = np.ones(mirror.skus, dtype=bool)
        if case.label is not None:
            passing = labels[case.kind][mirror.records] == case.label
        exact = nearest(mirror.vectors, queries, LIMIT, passing)
        answers, matching = found[case.name]["found"], int(passing.sum())
        yield (
            case.name,
            Judged(
                recall=recall(answers, exact),
                matching=matching,
                counted_right=found[case.name]["matching"] == matching,
                short=sum(len(answer) < min(LIMIT, matching) for answer in answers),
            ),
        )


def summed_up(times: dict[str, Phase], judged: dict[str, Judged]) -> dict[str, Any]:
    """By filter; and over all of them the lowest recall, the highest ratio of p95 to unfiltered, all short answers."""
    whole = times[UNFILTERED]
    by_filter = {
        name: {
            **{key: value for key, value in phase.figures().items() if key != "qps"},
            "p95_ratio": ratio(phase.p95_ms, whole.p95_ms),
            "recall": round(judged[name].recall, 4),
            "matching": judged[name].matching,
            "counted_right": judged[name].counted_right,
            "short": judged[name].short,
        }
        for name, phase in times.items()
    }
    return {
        "recall_min": min(one["recall"] for one in by_filter.values()),
        "p95_ratio_max": max(one["p95_ratio"] or 0.0 for one in by_filter.values()),
        "short": sum(one["short"] for one in by_filter.values()),
        "counted_right": all(one["counted_right"] for one in by_filter.values()),
        "unfiltered_p95_ms": round(whole.p95_ms, DIGITS),
        "filters": by_filter,
    }
