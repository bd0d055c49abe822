"""Reads one line of any process's log: Freshet's JSON, Kafka's and Redis' own form, or plain text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

LEVELS = ("debug", "info", "warning", "error", "critical")
KAFKA = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}) \[[^\]]*\] (TRACE|DEBUG|INFO|WARN|ERROR) ")
"""slf4j-simple as `freshet.runtime.kafka.command` configures it."""
REDIS = re.compile(r"\d+:[A-Z] (\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3}) ([.\-*#]) ")
LEVEL_OF = {
    **dict.fromkeys(("TRACE", "DEBUG", "."), "debug"),
    **dict.fromkeys(("INFO", "-", "*"), "info"),
    **dict.fromkeys(("WARN", "#"), "warning"),
    "ERROR": "error",
}
"""Of Kafka's names and of Redis' marks."""


@dataclass(frozen=True)
class LogLine:
    process: str
    text: str
    """As it stands in the file."""
    at_s: float | None = None
    """Seconds since 1970; None: the line does not say."""
    level: str | None = None
    facts: dict[str, Any] | None = field(default=None, compare=False)
    """All of a line of Freshet's own, its event, level and timestamp included; None for other programs' lines."""


def parse(process: str, text: str) -> LogLine:
    """Never raises: what cannot be read is plain text."""
    if text.startswith("{"):
        return _json(process, text)
    if found := KAFKA.match(text):
        return LogLine(process, text, datetime.fromisoformat(found[1]).timestamp(), LEVEL_OF[found[2]])
    if found := REDIS.match(text):
        at = datetime.strptime(found[1], "%d %b %Y %H:%M:%S.%f")  # Redis writes local time
        return LogLine(process, text, at.timestamp(), LEVEL_OF[found[2]])
    return LogLine(process, text)


def _json(process: str, text: str) -> LogLine:
    try:
        facts = orjson.loads(text)
    except orjson.JSONDecodeError:
        return LogLine(process, text)
    if not isinstance(facts, dict) or "event" not in facts:
        return LogLine(process, text)
    level = str(facts.get("level", "")).lower()
    return LogLine(process, text, _time(facts.get("timestamp")), level if level in LEVELS else None, facts)


def _time(given: object) -> float | None:
    try:
        at = datetime.fromisoformat(str(given))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def in_context(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """Lines of one log: what carries no time stands where the line before it stood, and an indented one (a stack trace)
    has its level too."""
    before = LogLine("", "")
    for line in lines:
        if line.at_s is None:
            level = before.level if line.text[:1].isspace() else line.level
            line = LogLine(line.process, line.text, before.at_s, level, line.facts)
        before = line
        yield line


@dataclass(frozen=True)
class Wanted:
    """Which lines to show. A line without a level or a time is never left out: nobody can judge it."""

    level: str | None = None
    since_s: float | None = None

    def __call__(self, line: LogLine) -> bool:
        loud = self.level is None or line.level is None or LEVELS.index(line.level) >= LEVELS.index(self.level)
        return loud and (self.since_s is None or line.at_s is None or line.at_s >= self.since_s)
