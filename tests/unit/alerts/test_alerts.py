"""Each alert is of metrics that there are, has its words and its tests, and fires when it should."""

import re
import shutil
import subprocess
from functools import cache
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from freshet.alerts.alert import Alert, Gauge
from freshet.alerts.alerts import ALERTS
from freshet.doctor.run import ALL
from freshet.reference.__main__ import FILES
from tests.conftest import REPOSITORY
from tests.unit.alerts.promql import known, wrong_in

OPS = REPOSITORY / "ops"
NAMES = [alert.name for alert in ALERTS]
SERIES = re.compile(r"(\w+)\{(.*)\}")


@cache
def written() -> list[Any]:
    found: list[Any] = yaml.safe_load((OPS / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]
    return found


def cases(name: str) -> list[Any]:
    return [case for test in written() for case in test["alert_rule_test"] if case["alertname"] == name]


@pytest.mark.parametrize("path", FILES)
def test_what_is_written_from_the_code_is_up_to_date(path: str) -> None:
    """If not: `make docs`."""
    assert (REPOSITORY / path).read_text(encoding="utf-8") == FILES[path](), "run `make docs`"


def test_the_file_is_yaml_and_says_what_the_list_says() -> None:
    (group,) = yaml.safe_load((OPS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    found = [(rule["alert"], rule["expr"], rule["labels"]["severity"]) for rule in group["rules"]]
    assert found == [(alert.name, alert.expr, alert.severity) for alert in ALERTS]
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_its_metrics_labels_and_values_are_in_the_code(alert: Alert) -> None:
    assert wrong_in(alert.expr) == []


@pytest.mark.parametrize(
    ("expr", "wrong"),
    [
        ("freshet_gone > 1", "freshet_gone is no metric"),
        ('freshet_shed_total{who="tier"} > 1', "freshet_shed_total has no label who"),
        ('freshet_shed_total{where="nowhere"} > 1', "nothing writes where=nowhere"),
        ("sum by (sku) (freshet_shed_total) > 1", "no metric of it has the label sku"),
        ("rate(freshet_fresh_seconds[5m])", "freshet_fresh_seconds is no metric"),
    ],
)
def test_what_is_not_in_the_code_is_seen(expr: str, wrong: str) -> None:
    assert wrong_in(expr) == [wrong]


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_has_its_section_with_what_to_do(alert: Alert) -> None:
    page = (REPOSITORY / "docs" / "alerts.md").read_text(encoding="utf-8")
    _, head, section = page.partition(f"\n## {alert.name}\n")
    assert head, "write one in docs/alerts.md"
    said = section.split("\n## ")[0]
    assert [word for word in ("**Means.**", "**See**", "**Over when**") if word not in said] == []
    assert re.search(r"\*\*(See\*\* and \*\*do|Do\.?)\*\*", said)


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_a_gauge_is_told_by_the_doctor_too(alert: Alert) -> None:
    checks = {name for name, _ in ALL}
    assert alert.doctor in checks if isinstance(alert.when, Gauge) else alert.doctor in checks | {""}


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_has_a_case_that_fires_and_one_that_does_not(alert: Alert) -> None:
    fires = {bool(case["exp_alerts"]) for case in cases(alert.name)}
    assert fires == {True, False} or (fires == {True} and not alert.minutes)


def test_the_series_of_the_cases_are_as_the_processes_write_them() -> None:
    """All labels of the metric, and those that a scrape adds."""
    labels = known()
    for one in (one["series"] for test in written() for one in test["input_series"]):
        found = SERIES.fullmatch(one)
        assert found, one
        assert {label.split("=")[0] for label in found[2].split(",")} == {*labels[found[1]], "instance", "job"}, one


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: no expression is evaluated")
def test_every_case_by_prometheus_itself() -> None:
    run = subprocess.run(
        ["promtool", "test", "rules", "alerts_test.yml"], cwd=OPS, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr
