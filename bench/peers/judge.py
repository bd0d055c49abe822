"""Turns what an engine's process reported into its row of the table: recall against the exact truth, ratios, notes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.peers.plan import GROUP_ASKED, LIMIT, Plan
from bench.peers.protocol import RECALL_MIN, group_of
from bench.truth import nearest, recall
from bench.workload import Halves, Mirror

KEPT_UP = 0.95
"""With this share of the upserts an engine counts as having kept the rate."""


def nearest_at_start(plan: Plan) -> list[list[int]]:
    """The true neighbours of the first queries before any upsert."""
    mirror, queries = Mirror(plan.workload, 0), plan.workload.queries(plan.queries)[: plan.tuned_by]
    return [line.tolist() for line in nearest(mirror.vectors, queries, LIMIT)]


def judged(found: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Figures by part, without the answers, in ms and MB; parts that were not reached are missing."""
    parts = found["parts"]
    applied = parts.get("end", {}).get("applied", 0)
    row = {name: found[name] for name in ("in_process", "versions", "settings", "error") if name in found}
    row |= {name: found[name] for name in ("took_s", "load_before", "load_after") if name in found}
    row |= {name: {key: value for key, value in part.items() if key != "answers"} for name, part in parts.items()}
    if "static" not in parts:
        return row
    queries, mirror = plan.workload.queries(plan.queries), Mirror(plan.workload, applied)
    row["static"]["recall"] = _recall(parts["static"]["answers"], mirror, queries)
    if "filtered" in parts:
        row["filtered"]["recall"] = _recall(parts["filtered"]["answers"], mirror, queries, GROUP_ASKED)
    if "streaming" in parts:
        row["streaming"]["qps_kept"] = round(parts["streaming"]["qps"] / parts["static"]["qps"], 3)
    if "end" in parts:
        mirror.advance(applied)
        row["end"]["recall"] = _recall(parts["end"]["answers"], mirror, queries)
    row["notes"] = notes(row, plan)
    return row


def notes(row: Mapping[str, Any], plan: Plan) -> list[str]:
    """What must be known before its figures are compared with another engine's."""
    said = []
    slowest = min(row.get("streaming", {}).get("upserts_per_s", [plan.rate]))
    if slowest < KEPT_UP * plan.rate:
        said.append(f"kept up with {slowest:.0f} of {plan.rate:g} upserts/s")
    low = min(row[part]["recall"] for part in ("static", "end") if part in row)
    if low < RECALL_MIN:
        said.append(f"recall {low:.3f} is below {RECALL_MIN}: its speed is not comparable")
    if unseen := row.get("streaming", {}).get("ack_to_visible_ms", {}).get("not_seen"):
        said.append(f"{unseen} acknowledged upserts were not seen in time")
    return said


def _recall(answers: list[list[int]], mirror: Mirror, queries: Halves, group: int | None = None) -> float:
    numbers = np.arange(mirror.skus, dtype=np.int64)
    passing = None if group is None else group_of(numbers) == group
    truth = nearest(mirror.vectors, queries[: len(answers)], LIMIT, passing)
    return round(recall(answers, truth), 4)
