"""Writes a proposed mapping as a TOML file with comments."""

import re
from collections.abc import Iterator
from typing import Any

from freshet.imports.guessing import Choice, Guess
from freshet.imports.mapping_file import REQUIRED_TARGETS

ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
COMMENT_AT = 60
"""Column of the comments."""


def mapping_text(guess: Guess, title: str) -> str:
    """Pure."""
    return "".join(f"{line}\n" for line in _lines(guess, title))


def _lines(guess: Guess, title: str) -> Iterator[str]:
    yield f"# {_one_line(title)}"
    yield "# Proposed by freshet import --guess: read it, then --dry-run shows what it makes. See docs/import.md."
    for note in guess.notes:
        yield f"# {note}"
    yield _commented(f"unmapped = {_value(guess.unmapped)}", "all other columns: attributes, drop or refuse")
    if guess.clean:
        yield _commented("clean = true", "some texts hold control characters")
    if guess.drop:
        yield _commented(f"drop = {_value(guess.drop)}", "no row of the sample has a value")
    yield ""
    yield "[fields]"
    yield from map(_choice, guess.choices)
    chosen = {choice.target for choice in guess.choices}
    for target in REQUIRED_TARGETS:
        if target not in chosen and not (target == "title" and "type" in chosen):
            yield f'# {target} = "?"    CHECK: no column looks like it, and every product needs one'
    if guess.attributes:
        yield ""
        yield "[attributes]"
        yield from map(_choice, guess.attributes)
    for path in guess.flatten:
        yield ""
        yield "[[flatten]]"
        yield f"from = {_value(path)}"
        yield f"clash_suffix = {_value('_' + re.sub(r'[^A-Za-z0-9]+', '_', path))}"


def _choice(choice: Choice) -> str:
    short = choice.rule["from"] if set(choice.rule) == {"from"} else choice.rule
    return _commented(f"{_key(choice.target)} = {_value(short)}", choice.why)


def _commented(line: str, why: str) -> str:
    return f"{line.ljust(COMMENT_AT)}  # {_one_line(why)}"


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items()) + " }"
    escaped = "".join(
        ESCAPED.get(char, char if char >= " " and char != "\x7f" else f"\\u{ord(char):04x}") for char in value
    )
    return f'"{escaped}"'
