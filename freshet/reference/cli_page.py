"""docs/cli.md: a section per command with its help, arguments and options, from the Typer application."""

from collections.abc import Iterator
from typing import Any

import typer

from freshet.cli import app
from freshet.doctor.finding import Finding
from freshet.reference.marks import Part
from freshet.reference.models import schemas_of, sections
from freshet.reference.table import table
from freshet.status.report import Status

FOR_ALL = ("--data", "--json")
"""Every command has them: they stand once, at the top of the page."""


def parts() -> list[Part]:
    found = [Part(name, _text(command), _heading(name, command)) for name, command in commands()]
    return [*found, Part("objects", _objects())]


def _objects() -> str:
    """What `freshet status --json` prints, and one finding of `freshet doctor --json`, with the objects inside."""
    schemas = schemas_of([Status, Finding])
    names = sorted(schemas, key=lambda name: (name != "Status", name == "Finding", name))
    return sections(schemas, names, asked=set())


def commands() -> Iterator[tuple[str, Any]]:
    """Every command as a person types it: `freshet topics ls`."""
    yield from _below(typer.main.get_command(app), "freshet")


def _below(group: Any, *path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _below(command, *path, name)
        else:
            yield " ".join((*path, name)), command


def _heading(name: str, command: Any) -> str:
    shown = [_argument(each) for each in command.params if each.param_type_name == "argument"]
    return f"### `{' '.join([name, *shown])}`"


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _text(command: Any) -> str:
    rows = [
        (_shown(each), "; ".join([(each.help or "").removesuffix("."), *_facts(each)]))
        for each in command.params
        if not set(each.opts) & set(FOR_ALL)
    ]
    return "\n\n".join([_paragraphs(command.help), *([table(("argument or option", "meaning"), rows)] if rows else [])])


def _shown(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_argument(parameter)}`"
    value = "" if parameter.is_flag else f" {(parameter.metavar or _value(parameter)).upper()}"
    return ", ".join(f"`{name}{value}`" for name in sorted((*parameter.opts, *parameter.secondary_opts), key=len))


def _value(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    return {int: "N", float: "N"}.get(kind, "PATH" if kind.__name__ == "Path" else "TEXT")


def _facts(parameter: Any) -> list[str]:
    """What the code knows beside the help: range, default, and whether it is required."""
    facts = []
    low, high = parameter.min, parameter.max
    if low is not None and high is not None:
        facts.append(f"{_number(low)} to {_number(high)}")
    elif low is not None or high is not None:
        facts.append(f"at least {_number(low)}" if low is not None else f"at most {_number(high)}")
    if default := _default(parameter):
        facts.append(f"default `{default}`")
    if parameter.param_type_name == "option" and parameter.required:
        facts.append("required")
    return facts


def _number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"


def _default(parameter: Any) -> str:
    default = parameter.default
    if isinstance(parameter.show_default, str):
        return str(parameter.show_default)
    if default in (None, "", False) or isinstance(default, (list, tuple)):
        return ""
    if default is True:
        return str(parameter.opts[0])
    return f"{default:g}" if isinstance(default, float) else str(default)


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(block.split()) for block in text.split("\n\n"))
