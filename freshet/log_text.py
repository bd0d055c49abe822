"""Log lines for a person: local time, level, event and facts; colours where the terminal has them."""

from datetime import datetime
from typing import Any

import orjson

from freshet.log_lines import LogLine
from freshet.printing import CONTROLS, visible

COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "31;1"}
"""ANSI, ECMA-48 select graphic rendition."""
DIM = "2"
NAMED = ("event", "level", "timestamp", "exception", "process")
"""Keys with a place of their own; the rest follows as key=value."""


def as_text(line: LogLine, *, name: bool, colours: bool) -> str:
    """`name`: say which process, where lines of several are mixed. Other programs' lines stay as they are."""
    process = f"{_painted(f'{line.process:8}', DIM, colours)} " if name else ""
    if line.facts is None:
        return process + visible(line.text)
    time = datetime.fromtimestamp(line.at_s).strftime("%H:%M:%S.%f")[:-3] if line.at_s else " " * 12
    level = _painted(f"{line.level or '':7}", COLOURS.get(line.level or "", ""), colours)
    facts = " ".join(
        f"{_painted(key, DIM, colours)}={_value(value)}" for key, value in line.facts.items() if key not in NAMED
    )
    trace = "\n".join(map(visible, str(line.facts.get("exception") or "").split("\n")))
    head = f"{process}{_painted(time, DIM, colours)} {level} {visible(str(line.facts['event']))}"
    return f"{head}  {facts}".rstrip() + (f"\n{trace}" if trace else "")


def as_json(line: LogLine) -> dict[str, Any]:
    """A structured line as it was written, another as `line`; both with the name of the log they stand in."""
    return {**(line.facts if line.facts is not None else {"line": line.text}), "process": line.process}


def _value(value: object) -> str:
    if not isinstance(value, str):
        return orjson.dumps(value).decode()
    plain = value and not set(value) & set(" \t\"'=") and not CONTROLS.search(value)
    return value if plain else visible(orjson.dumps(value).decode())


def _painted(text: str, code: str, colours: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colours and code else text
