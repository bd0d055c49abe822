"""From windows to figures: what `freshet bench shard` prints, computed from what its processes measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.latency import percentile, summary
from bench.samples import unpacked

DIGITS = 3


@dataclass
class Phase:
    """All windows of one kind of time, pooled."""

    waits_ms: list[float] = field(default_factory=list)
    searches: int = 0
    seconds: float = 0.0
    client_cpu_s: float = 0.0
    client_searches: int = 0
    """Those that `client_cpu_s` is of."""

    def add_latency(self, window: Mapping[str, Any]) -> None:
        waits_ms = unpacked(window["waits_ms"])
        self.waits_ms += waits_ms
        self._add_cpu(window, len(waits_ms))

    def add_throughput(self, window: Mapping[str, Any]) -> None:
        self.searches += window["searches"]
        self.seconds += window["seconds"]
        self._add_cpu(window, window["searches"])

    def _add_cpu(self, window: Mapping[str, Any], searches: int) -> None:
        if "cpu_s" in window:
            self.client_cpu_s += window["cpu_s"]
            self.client_searches += searches

    @property
    def qps(self) -> float:
        return self.searches / self.seconds if self.seconds else 0.0

    @property
    def p95_ms(self) -> float:
        return percentile(self.waits_ms, 0.95)

    @property
    def max_ms(self) -> float:
        return percentile(self.waits_ms, 1.0)

    def figures(self) -> dict[str, Any]:
        cpu_us = each_us(self.client_cpu_s, self.client_searches)
        return {
            **summary(self.waits_ms, DIGITS),
            "qps": round(self.qps, 1),
            **({} if cpu_us is None else {"client_cpu_us_per_search": cpu_us}),
        }


@dataclass
class Stretch:
    """What the stream did in all windows of one rate."""

    upserts: int = 0
    writer_cpu_s: float = 0.0
    write_max_ms: float = 0.0
    long_writes: int = 0
    late_max_ms: float = 0.0
    missed: int = 0
    from_intended_ms: list[float] = field(default_factory=list)
    from_write_ms: list[float] = field(default_factory=list)

    def add(self, flow: Mapping[str, Any]) -> None:
        self.upserts += flow["upserts"]
        self.writer_cpu_s += flow["writer_cpu_s"]
        self.long_writes += flow["long_writes"]
        self.missed += flow["missed"]
        self.write_max_ms = max(self.write_max_ms, flow["write_max_ms"])
        self.late_max_ms = max(self.late_max_ms, flow["late_max_ms"])
        self.from_intended_ms += unpacked(flow["from_intended_ms"])
        self.from_write_ms += unpacked(flow["from_write_ms"])

    def figures(self) -> dict[str, Any]:
        return {
            "upserts": self.upserts,
            "writer_cpu_us_per_upsert": each_us(self.writer_cpu_s, self.upserts),
            "write_max_ms": round(self.write_max_ms, DIGITS),
            "long_writes": self.long_writes,
            "late_max_ms": round(self.late_max_ms, DIGITS),
            "not_found_first": self.missed,
            "visible_ms": summary(self.from_intended_ms, DIGITS),
            "visible_from_write_ms": summary(self.from_write_ms, DIGITS),
        }


@dataclass
class Spent:
    """What the engine did for the upserts of several stretches: differences between answers of `costs`."""

    builder_cpu_s: float = 0.0
    rows_built: int = 0
    merges: int = 0
    repairs: int = 0
    rebuilds: int = 0
    waits: int = 0
    waited_s: float = 0.0
    longest_wait_s: float = 0.0
    """Since the start."""

    def add(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        self.builder_cpu_s += after["cpu"]["children_s"] - before["cpu"]["children_s"]
        for name in ("rows_built", "merges", "repairs", "rebuilds", "waits", "waited_s"):
            setattr(self, name, getattr(self, name) + after["engine"][name] - before["engine"][name])
        self.longest_wait_s = after["engine"]["longest_wait_s"]

    def figures(self, upserts: int) -> dict[str, Any]:
        """`write_amplification`: rows put into graphs for each upsert; a row that waits in a head is not built yet."""
        return {
            "builder_cpu_us_per_upsert": each_us(self.builder_cpu_s, upserts),
            "write_amplification": ratio(self.rows_built, upserts),
            "merges": self.merges,
            "repairs": self.repairs,
            "rebuilds": self.rebuilds,
            "writer_waits": self.waits,
            "writer_waited_s": round(self.waited_s, DIGITS),
            "longest_wait_s": round(self.longest_wait_s, DIGITS),
        }


def each_us(cpu_s: float, count: int) -> float | None:
    """Microseconds of CPU for each; None where there was none."""
    return round(cpu_s / count * 1e6, 1) if count else None


def ratio(part: float, whole: float) -> float | None:
    """None where there is nothing to compare with."""
    return round(part / whole, DIGITS) if whole else None


def bytes_per_row(memory: Mapping[str, float], rows: int) -> int | None:
    """Growth of the process since it held no row, less the bodies, per live row. `memory`: of `costs`."""
    grown_mb = memory["pss_mb"] - memory["bodies_mb"] - memory["empty_pss_mb"]
    return round(grown_mb * 1e6 / rows) if rows else None


def headline(
    static: Phase, streaming: Phase, stretch: Stretch, recalls: Sequence[float], bytes_row: int | None
) -> dict[str, Any]:
    """The figures that stand at the top."""
    return {
        "qps_static": round(static.qps, 1),
        "qps_kept": ratio(streaming.qps, static.qps),
        "p95_static_ms": round(static.p95_ms, DIGITS),
        "p95_streaming_ms": round(streaming.p95_ms, DIGITS),
        "p95_ratio": ratio(streaming.p95_ms, static.p95_ms),
        "max_ms": round(streaming.max_ms, DIGITS),
        "recall_min": round(min(recalls), 4),
        "visible_p95_ms": round(percentile(stretch.from_intended_ms, 0.95), DIGITS),
        "bytes_per_row": bytes_row,
    }


def http_headline(static: Phase, streaming: Phase) -> dict[str, Any]:
    return {
        "http_qps_static": round(static.qps, 1),
        "http_qps_kept": ratio(streaming.qps, static.qps),
        "http_p95_static_ms": round(static.p95_ms, DIGITS),
        "http_p95_streaming_ms": round(streaming.p95_ms, DIGITS),
    }
