"""ops/alerts.yml: the alerts as Prometheus reads them."""

import json
from collections.abc import Sequence

from freshet.alerts.alert import Alert

HEAD = """\
# Alerts of Freshet, for Prometheus (`rule_files`). Written by `make docs` from freshet/alerts/alerts.py.
# What each means and what to do: docs/alerts.md. Their tests: promtool test rules alerts_test.yml.
groups:
  - name: freshet
    rules:
"""


def rule_file(alerts: Sequence[Alert]) -> str:
    return HEAD + "\n".join(_rule(alert) for alert in alerts) + "\n"


def _rule(alert: Alert) -> str:
    """A string of JSON is one of YAML too."""
    return f"""\
      - alert: {alert.name}
        expr: {json.dumps(alert.expr)}
        for: {alert.minutes}m
        labels: {{severity: {alert.severity}}}
        annotations:
          summary: {json.dumps(alert.summary)}
          runbook: {alert.runbook}"""
