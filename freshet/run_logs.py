"""What `freshet logs` does."""

import os
import sys
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import orjson

from freshet.log_lines import LogLine, Wanted
from freshet.log_text import as_json, as_text
from freshet.running import data_folder
from freshet.runtime.log_files import READ_BACK_BYTES
from freshet.show_logs import find_logs, follow, last_lines, since

LINES = 20


@dataclass(frozen=True)
class LogOptions:
    process: str | None
    follow: bool
    lines: int | None
    level: str | None
    since: str | None
    as_json: bool


def show(options: LogOptions, data: Path | None) -> None:
    """Prints until the end, or with `follow` until Ctrl-C."""
    files = find_logs(data_folder(data, os.environ), options.process)
    wanted = Wanted(options.level, since(options.since, time.time()) if options.since else None)
    count = options.lines if options.lines is not None else READ_BACK_BYTES if options.since else LINES
    coming = follow(files, wanted) if options.follow else iter(())
    terminal = sys.stdout.isatty()
    colours = terminal and "NO_COLOR" not in os.environ  # no-color.org
    for line in chain(last_lines(files, count, wanted), coming):
        print(_shown(line, options, terminal, colours), flush=True)


def _shown(line: LogLine, options: LogOptions, terminal: bool, colours: bool) -> str:
    several = options.process is None
    if options.as_json:
        return orjson.dumps(as_json(line)).decode()
    if terminal:
        return as_text(line, name=several, colours=colours)
    return f"{line.process:8} {line.text}" if several else line.text
