"""What `freshet status` does: one look, or with --watch one after another until Ctrl-C."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from freshet import exit_codes
from freshet.printing import print_lines
from freshet.status.look import look_at
from freshet.status.report import Status
from freshet.status.where import where
from schemas.secrets import shown


def show_status(url: str, data: Path | None, as_json: bool, every_s: float | None) -> int:
    """`every_s`: look again so often; None: once. Returns the exit code."""

    def look() -> Status:
        found = look_at(where(url, data, os.environ))
        return found.model_copy(update={"redis_url": shown(found.redis_url)})

    if every_s is None:
        found = look()
        if as_json:
            sys.stdout.write(found.model_dump_json(indent=1) + "\n")
        else:
            _print(found)
        return code_of(found)
    try:
        _watch(look, every_s, as_json)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    return exit_codes.OK


def code_of(status: Status) -> int:
    if not status.running:
        return exit_codes.UNREACHABLE
    return exit_codes.OK if status.well else exit_codes.UNWELL


def _print(status: Status) -> None:
    from freshet.status.table import as_lines, as_table, console

    screen = console()
    if screen.is_terminal:
        screen.print(as_table(status))
    else:
        print_lines(as_lines(status))


def _watch(look: Callable[[], Status], every_s: float, as_json: bool) -> None:
    if as_json:  # one line a look
        while True:
            sys.stdout.write(look().model_dump_json() + "\n")
            sys.stdout.flush()
            time.sleep(every_s)
    from freshet.status.table import as_table, console

    screen = console()
    if not screen.is_terminal:
        while True:
            _print(look())
            print_lines([""])
            sys.stdout.flush()
            time.sleep(every_s)
    from rich.live import Live

    with Live(as_table(look()), console=screen, auto_refresh=False) as live:
        while True:
            time.sleep(every_s)
            live.update(as_table(look()), refresh=True)
