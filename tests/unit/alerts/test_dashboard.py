"""The Grafana dashboard: of metrics that there are, each panel in its own place."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from freshet.reference.dashboard_rows import ROWS
from schemas.metrics import METRICS
from tests.conftest import REPOSITORY
from tests.unit.alerts.promql import wrong_in

FILE = REPOSITORY / "ops" / "grafana" / "freshet.json"
EXPRESSIONS = [(panel.title, line.expr) for _, row in ROWS for panel in row for line in panel.lines]


@pytest.mark.parametrize(("title", "expr"), EXPRESSIONS, ids=lambda value: value[:40])
def test_its_metrics_labels_and_values_are_in_the_code(title: str, expr: str) -> None:
    assert wrong_in(expr) == []


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: no expression is parsed")
def test_every_expression_is_promql(tmp_path: Path) -> None:
    rules = [
        {"record": "a", "expr": expr.replace("$__rate_interval", "5m"), "labels": {"number": str(number)}}
        for number, (_, expr) in enumerate(EXPRESSIONS)
    ]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    run = subprocess.run(
        ["promtool", "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["panels"]
    return found


def test_panels_have_their_own_number_and_place() -> None:
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels()):
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24
        taken |= cells


def test_every_expression_of_the_description_is_in_the_file() -> None:
    targets = [target["expr"] for panel in panels() for target in panel.get("targets", [])]
    assert targets == [expr for _, expr in EXPRESSIONS]


def test_the_rows_are_what_an_operator_looks_for() -> None:
    shown = " ".join(expr for _, expr in EXPRESSIONS)
    wanted = ("fresh_seconds", "request_seconds", "lag_records", "replica_latency", "encode_seconds", "snapshots_due")
    assert [one for one in (*wanted, "dead_letters_total", "degraded_total") if f"freshet_{one}" not in shown] == []
    assert sum(f"{metric.name}" in shown for metric in METRICS) > len(METRICS) / 3
