"""Errors that the processes of a stack wrote into their logs while a drill lasted."""

from collections import Counter
from pathlib import Path
from typing import Final

from freshet.log_lines import parse

ERRORS: Final = ("error", "critical")


def error_lines(logs: Path, since_s: float) -> Counter[str]:
    """By process and event: `catalog: handler_failed`; since 1970. Kafka's and Redis' own lines are not read."""
    found: Counter[str] = Counter()
    for path in sorted(logs.glob("*.log")):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                told = parse(path.stem, line)
                if told.facts is not None and told.level in ERRORS and (told.at_s or 0.0) >= since_s:
                    found[f"{told.process}: {told.facts['event']}"] += 1
    return found
