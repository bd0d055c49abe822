"""What one look at the metrics tells without Prometheus: the same limits, in words."""

from pathlib import Path

import pytest
from prometheus_client import generate_latest

from freshet.alerts.alert import Alert, Gauge
from freshet.alerts.alerts import ALERTS
from freshet.alerts.looking import raised
from freshet.doctor import alarms
from freshet.doctor.alarms import AlarmFacts
from freshet.doctor.place import place_of
from schemas.metrics import Metrics

ABOVE = Alert(
    "A",
    "warning",
    5,
    "{{ $labels.step }} waits {{ $value | humanizeDuration }}",
    Gauge("freshet_lag_age_seconds", ">", 60, ("step",)),
)
BELOW = Alert(
    "B",
    "critical",
    0,
    "{{ $value }} at {{ $labels.instance }}",
    Gauge("freshet_disk_free_bytes", "<", 500, ("instance",)),
)


def page(age_s: float, free: float) -> str:
    metrics = Metrics()
    metrics.gauge("freshet_lag_age_seconds").labels("embed", 0).set(age_s)
    metrics.gauge("freshet_disk_free_bytes").set(free)
    return generate_latest(metrics.registry).decode()


@pytest.mark.parametrize(
    ("age_s", "free", "said"),
    [(60, 500, []), (61, 500, ["embed waits 61"]), (60, 499, ["499 at shard"])],
)
def test_at_the_limit_and_beyond(age_s: float, free: float, said: list[str]) -> None:
    assert [one.said for one in raised(page(age_s, free), (ABOVE, BELOW), "shard")] == said


def test_the_expression_is_of_the_same_limit() -> None:
    assert ABOVE.expr == "max by (step) (freshet_lag_age_seconds) > 60"
    assert BELOW.expr == "min by (instance) (freshet_disk_free_bytes) < 500"


def test_the_doctor_names_each_once_with_what_to_do() -> None:
    facts = AlarmFacts({"serving-1": page(901, 1e12), "serving-2": page(901, 1e12)})
    (stuck,) = alarms.judge(facts)
    assert (stuck.severity, stuck.remedy) == ("problem", "see docs/alerts.md#freshetqueuestuck")
    assert "a record has waited 901 for embed in partition 0" in stuck.found
    (old,) = alarms.judge(AlarmFacts({"serving": page(61, 1e12)}))
    assert (old.severity, old.remedy) == ("warning", "see docs/alerts.md#freshetqueueold")


def test_the_doctor_leaves_to_others_what_they_say() -> None:
    (one,) = alarms.judge(AlarmFacts({"shard": page(0, 1)}))
    assert (one.severity, one.found) == ("ok", "none, by the metrics of shard")
    assert {alert.doctor for alert in ALERTS} - {"alarms", ""} == {"processes", "replicas", "disk"}


def test_where_nothing_runs_the_doctor_says_so(tmp_path: Path) -> None:
    (one,) = alarms.examine(place_of("", tmp_path, {}))
    assert (one.severity, "not known" in one.found) == ("ok", True)
