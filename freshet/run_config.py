"""What `freshet config show` and `check` do."""

import os
from dataclasses import asdict
from pathlib import Path

from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.running import data_folder
from freshet.runtime.shard_processes import shard_processes
from freshet.show_config import PROCESSES, Shown, in_force
from schemas.errors import InvalidRequest
from schemas.settings import UpSettings, as_environ, read, refuse_open_door


def show(process: str | None, origin: bool, data: Path | None, as_json: bool) -> int:
    if process is not None and process not in PROCESSES:
        raise InvalidRequest("no_process", f"{process!r} has no settings", hint=f"there are: {', '.join(PROCESSES)}")
    folder = data_folder(data, os.environ)
    options = as_environ({"data": data}) if data else {}
    names = [process] if process else list(PROCESSES)
    rows = [row for name in names for row in in_force(name, folder, os.environ, options)]
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_lines(as_lines(rows, origin))
    return OK


def as_lines(rows: list[Shown], origin: bool) -> list[str]:
    """A block for each process."""
    lines: list[str] = []
    wide = max(len(row.variable) for row in rows)
    for row in rows:
        head = f"{row.process} (running, pid {row.pid})" if row.pid else row.process
        if head not in lines:
            lines += ["", head] if lines else [head]
        value = row.value or "-"
        lines.append(f"  {row.variable:{wide}}  {value}" + (f"  ({row.origin})" if origin else ""))
    return lines


def check(data: Path | None, as_json: bool) -> int:
    """Raises SettingsError, which names the first setting that is wrong."""
    for model in PROCESSES.values():
        read(model, os.environ)
    settings = read(UpSettings, os.environ)
    refuse_open_door(settings.host, settings.admin_key)
    shard_processes(settings)
    if as_json:
        print_json({"ok": True, "processes": list(PROCESSES)})
    else:
        print_lines([f"the settings of {', '.join(PROCESSES)} are right"])
    return OK
