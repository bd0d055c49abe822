"""Results go to stdout, everything else to stderr."""

import sys
from collections.abc import Iterable
from datetime import datetime

import orjson


def print_json(result: object) -> None:
    sys.stdout.write(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode() + "\n")


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")


def local_time(at_ms: float, timespec: str = "milliseconds") -> str:
    """Of ms since 1970, as a clock here shows it."""
    return datetime.fromtimestamp(at_ms / 1000).isoformat(" ", timespec)


def say(line: str) -> None:
    sys.stderr.write(line + "\n")
