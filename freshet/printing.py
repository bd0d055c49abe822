"""Results go to stdout, everything else to stderr. What merchants wrote cannot steer the terminal."""

import re
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import orjson

CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
"""Unicode's category Cc but for the tab."""
NOT_ESCAPED: Final = re.compile(r"[\x7f-\x9f]")
"""Those of them that JSON may hold as they are."""


def print_json(result: object) -> None:
    _write_json(orjson.dumps(result, option=orjson.OPT_INDENT_2))


def print_json_line(result: object) -> None:
    _write_json(orjson.dumps(result))


def _write_json(text: bytes) -> None:
    sys.stdout.write(NOT_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text.decode()) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(visible(line) + "\n")


def visible(text: str) -> str:
    """Control characters as `\\x1b`, line breaks too: a text stays on its line, and moves no cursor."""
    return CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def logs_to_stderr() -> None:
    """What a command's parts log, such as the encoder's engine: stdout holds the result only."""
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def local_time(at_ms: float, timespec: str = "milliseconds") -> str:
    """Of ms since 1970, as a clock here shows it."""
    return datetime.fromtimestamp(at_ms / 1000).isoformat(" ", timespec)


def say(text: str) -> None:
    """It may have several lines."""
    sys.stderr.write("".join(f"{visible(line)}\n" for line in text.split("\n")))
