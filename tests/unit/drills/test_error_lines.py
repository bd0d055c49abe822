"""Errors in logs are counted by process and event; warnings, other programs' lines and what came before are not."""

from datetime import datetime
from pathlib import Path

import orjson

from freshet.drills.error_lines import error_lines

AT = "2026-01-31T12:00:00Z"
SINCE_S = datetime.fromisoformat(AT).timestamp()


def test_errors_are_counted(tmp_path: Path) -> None:
    lines = [
        {"event": "no_coordinator", "level": "error", "timestamp": "2026-01-31T11:59:59Z"},
        {"event": "handler_failed", "level": "error", "timestamp": AT},
        {"event": "handler_failed", "level": "error", "timestamp": AT},
        {"event": "gone", "level": "critical", "timestamp": AT},
        {"event": "background_waits", "level": "warning", "timestamp": AT},
    ]
    (tmp_path / "catalog.log").write_text("\n".join(orjson.dumps(line).decode() for line in lines) + "\nTraceback\n")
    (tmp_path / "kafka.log").write_text("2026-01-31T00:00:00.000+0000 [main] ERROR something\n")
    assert error_lines(tmp_path, SINCE_S) == {"catalog: handler_failed": 2, "catalog: gone": 1}
