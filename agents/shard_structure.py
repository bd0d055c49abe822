"""How a shard's rows lie in segments and heads, and what its merges cost: for `GET /state`, `/metrics` and the log."""

from typing import Any, Final

import structlog

from index_snapshots.view import ShardView
from index_snapshots.writer import ShardWriter
from schemas.metrics import Metrics

WAIT_TOLD_S: Final = 2.0
"""A writer that has waited longer than this for a merge says so in the log, once per wait."""

log = structlog.get_logger()


def structure(shard: ShardWriter) -> dict[str, Any]:
    """As `GET /state` shows it."""
    view, figures = shard.view, shard.structure.figures
    parts = view.vectors.parts
    heads = [part for part in parts if part.store.head]
    return {
        "seals": view.vectors.seals,
        "segments": [
            {
                "rows": part.count,
                "shown": part.shown,
                "dropped": part.store.segment.dropped,
                "ef": part.store.segment.calibration.ef,
                "recall": round(part.store.segment.calibration.recall, 4),
            }
            for part in parts
            if part.store.segment
        ],
        "heads": len(heads),
        "rows_in_heads": sum(part.count for part in heads),
        "dead_share": round(dead_share(view), 4),
        "pending": [
            {
                "rows": sum(int(kept.sum()) for kept in one.kept),
                "of_base": one.of_base,
                "begun": one.begun,
                "due": one.due,
            }
            for one in view.vectors.pending
        ],
        "merges": figures.merges,
        "repairs": figures.repairs,
        "rebuilds": figures.rebuilds,
        "rows_merged": figures.rows_built,
        "waits": figures.waits,
        "waited_s": round(figures.waited_s, 3),
        "longest_wait_s": round(figures.longest_wait_s, 3),
        "waiting_s": round(figures.waiting_s, 3),
    }


def dead_share(view: ShardView) -> float:
    """Share of the rows that searches meet, in graphs and heads, that are no longer the newest of their product."""
    segments = [part.store.segment for part in view.vectors.parts if part.store.segment]
    rows = sum(part.count for part in view.vectors.parts) - sum(segment.dropped for segment in segments)
    return 1 - view.counts.rows / rows if rows else 0.0


class StructureMetrics:
    """Brings the structure of a process's shards into its metrics. One thread only."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._counted: dict[tuple[str, int | None], float] = {}
        self._told: set[int] = set()
        """Partitions whose writer waits, and the log says so."""

    def update(self, partition: int, shard: ShardWriter) -> None:
        view, figures = shard.view, shard.structure.figures
        self._count("freshet_merges_total", partition, figures.merges)
        self._count("freshet_merged_rows_total", partition, figures.rows_built)
        self._count("freshet_merge_waits_total", partition, figures.waits)
        self._count("freshet_merge_wait_seconds_total", partition, figures.waited_s)
        self._metrics.gauge("freshet_shard_dead_share").labels(partition).set(dead_share(view))
        segments = sum(part.store.segment is not None for part in view.vectors.parts)
        heads, pending = len(view.vectors.parts) - segments, len(view.vectors.pending)
        for kind, count in (("segments", segments), ("heads", heads), ("pending_merges", pending)):
            self._metrics.gauge("freshet_shard_parts").labels(partition, kind).set(count)
        self.waiting(partition, figures.waiting_s)

    def builder(self, cpu_s: float) -> None:
        self._count("freshet_builder_cpu_seconds_total", None, cpu_s)

    def waiting(self, partition: int, waiting_s: float) -> None:
        self._metrics.gauge("freshet_merge_waiting_seconds").labels(partition).set(waiting_s)
        if waiting_s <= WAIT_TOLD_S:
            self._told.discard(partition)
        elif partition not in self._told:
            self._told.add(partition)
            log.warning("the writer waits for a merge", partition=partition, waiting_s=round(waiting_s, 1))

    def _count(self, name: str, partition: int | None, total: float) -> None:
        counter = self._metrics.counter(name)
        labelled = counter if partition is None else counter.labels(partition)
        labelled.inc(total - self._counted.get((name, partition), 0))
        self._counted[name, partition] = total
