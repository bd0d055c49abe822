"""Errors in the logs of a stack are counted by process and event; other programs' lines and warnings are not."""

from pathlib import Path

import orjson

from freshet.drills.error_lines import error_lines


def test_errors_are_counted(tmp_path: Path) -> None:
    lines = [
        {"event": "handler_failed", "level": "error"},
        {"event": "handler_failed", "level": "error"},
        {"event": "gone", "level": "critical"},
        {"event": "background_waits", "level": "warning"},
    ]
    (tmp_path / "catalog.log").write_text("\n".join(orjson.dumps(line).decode() for line in lines) + "\nTraceback\n")
    (tmp_path / "kafka.log").write_text("2026-01-31T00:00:00.000+0000 [main] ERROR something\n")
    assert error_lines(tmp_path) == {"catalog: handler_failed": 2, "catalog: gone": 1}
