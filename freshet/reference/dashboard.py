"""ops/grafana/freshet.json: the dashboard as Grafana imports it."""

import json
from itertools import count
from typing import Any

from freshet.reference.dashboard_rows import ROWS, Panel

SOURCE = {"type": "prometheus", "uid": "${source}"}
WIDTH = 24
ACROSS = 3
HEIGHT = 8


def dashboard() -> str:
    return json.dumps(_whole(), indent=1) + "\n"


def _whole() -> dict[str, Any]:
    ids, panels, y = count(1), [], 0
    for title, row in ROWS:
        head = {"id": next(ids), "type": "row", "title": title, "collapsed": False, "panels": []}
        panels.append({**head, "gridPos": _place(0, y, WIDTH, 1)})
        y += 1
        for at, panel in enumerate(row):
            x, below = at % ACROSS * (WIDTH // ACROSS), at // ACROSS * HEIGHT
            panels.append(_panel(next(ids), panel, _place(x, y + below, WIDTH // ACROSS, HEIGHT)))
        y += -(-len(row) // ACROSS) * HEIGHT
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "uid": "freshet",
        "title": "Freshet",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [source]},
        "panels": panels,
    }


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + at), "datasource": SOURCE, "expr": line.expr, "legendFormat": line.legend}
        for at, line in enumerate(panel.lines)
    ]
    custom = {} if panel.limit is None else {"thresholdsStyle": {"mode": "line"}}
    defaults = {"unit": panel.unit, "custom": custom, "thresholds": {"mode": "absolute", "steps": _steps(panel)}}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": targets,
    }


def _steps(panel: Panel) -> list[dict[str, Any]]:
    well, ill = ("red", "green") if panel.below else ("green", "red")
    first: list[dict[str, Any]] = [{"color": well, "value": None}]
    return first if panel.limit is None else [*first, {"color": ill, "value": panel.limit}]


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}
