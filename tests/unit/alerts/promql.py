"""What an expression of PromQL names: enough to hold it against the code. Whether it is PromQL at all promtool says."""

import re
from typing import NamedTuple

from schemas.metrics import METRICS, Metric
from tests.conftest import REPOSITORY

SUFFIXES = {"histogram": ("_bucket", "_count", "_sum")}
SERIES = re.compile(r"(?<![\w$\"])((?:freshet|process)_\w+|up)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"')
GROUPING = re.compile(r"\b(?:by|on|ignoring|without) \(([^)]*)\)")
FROM_SCRAPE = {"instance", "job"}
OTHERS = {"up": (), "process_start_time_seconds": (), "process_resident_memory_bytes": (), "process_open_fds": ()}
OTHERS |= {"process_cpu_seconds_total": ()}
"""Of Prometheus itself, and of its client's view of a process."""


class Series(NamedTuple):
    name: str
    matchers: tuple[tuple[str, str, str], ...]


def known() -> dict[str, tuple[str, ...]]:
    """Labels by the name of each series that a page of metrics can hold."""
    return OTHERS | {name: labels for metric in METRICS for name, labels in _series_of(metric)}


def _series_of(metric: Metric) -> list[tuple[str, tuple[str, ...]]]:
    if metric.kind != "histogram":
        return [(metric.name, metric.labels)]
    more = {"_bucket": ("le",)}
    return [(metric.name + suffix, metric.labels + more.get(suffix, ())) for suffix in SUFFIXES["histogram"]]


def series_in(expr: str) -> list[Series]:
    return [Series(name, tuple(MATCHER.findall(inside))) for name, inside in SERIES.findall(expr)]


def wrong_in(expr: str) -> list[str]:
    """What of it is not in the code: metrics, their labels, values of labels that no code writes."""
    found, named = known(), series_in(expr)
    wrong = [f"{one.name} is no metric" for one in named if one.name not in found]
    allowed = {label for one in named for label in found.get(one.name, ())} | FROM_SCRAPE
    for one in named:
        for label, how, value in one.matchers:
            if label not in {*found.get(one.name, ()), *FROM_SCRAPE}:
                wrong.append(f"{one.name} has no label {label}")
            elif how == "=" and label not in {"route", *FROM_SCRAPE} and not _written(value):
                wrong.append(f"nothing writes {label}={value}")
    grouped = {label.strip() for labels in GROUPING.findall(expr) for label in labels.split(",")} - {""}
    return [*wrong, *(f"no metric of it has the label {label}" for label in sorted(grouped - allowed))]


def _written(value: str) -> bool:
    return f'"{value}"' in CODE


CODE = "".join(
    path.read_text(encoding="utf-8")
    for folder in ("agents", "serving", "streams", "schemas", "index_snapshots")
    for path in (REPOSITORY / folder).rglob("*.py")
)
