"""The list of metrics: labels that stay few, and what every process tells."""

from pathlib import Path

from prometheus_client import generate_latest

from schemas.metrics import METRICS, Metrics

FEW = {
    "agent", "event", "kind", "outcome", "partition", "process", "reason", "replica", "result", "route", "stage",
    "status", "step", "topic", "version", "where",
}  # fmt: skip
"""Each has as many values as there are partitions, replicas, processes, or words for it in the code."""


def test_no_label_is_without_limit() -> None:
    assert {label for metric in METRICS for label in metric.labels} - FEW == set()


def test_names_are_of_their_kind_and_unit() -> None:
    for metric in METRICS:
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert metric.kind != "histogram" or metric.name.endswith("_seconds"), metric.name


def test_every_process_tells_what_it_takes() -> None:
    page = generate_latest(Metrics().registry).decode()
    assert ("process_resident_memory_bytes" in page) == Path("/proc/self/stat").exists()
