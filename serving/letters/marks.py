"""Where in the text of an event each of its problems stands. Pure."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

SPACE: Final = re.compile(r"[ \t\r\n]*")
DECODER: Final = json.JSONDecoder()


class Span(NamedTuple):
    """Characters of the text, from `start` up to before `end`."""

    start: int
    end: int


class Mark(NamedTuple):
    field: str
    problem: str
    span: Span | None
    """None: it stands nowhere, as a field that is missing does."""


def marks(text: str, problems: Iterable[Sequence[str]]) -> list[Mark]:
    """`problems`: (field, problem) pairs; of text that is no JSON the place where reading ended is marked."""
    broken = _broken(text)
    if broken is not None:
        return [Mark("", "it cannot be read from here on", broken)]
    return [Mark(field, problem, span_of(text, field)) for field, problem in problems]


def span_of(text: str, field: str) -> Span | None:
    """Of the value at `price.amount`, `category.0`; of its nearest parent where it is missing, but not of the whole."""
    at, span, names = 0, None, field.split(".") if field else []
    while names:
        inside = _members(text, at)
        name = next((joined for joined in _joined(names) if joined in inside), None)
        if name is None:
            return span
        span = inside[name]
        at, names = span.start, names[name.count(".") + 1 :]
    return span


def _joined(names: list[str]) -> list[str]:
    """The name of an attribute may hold dots itself: the longest comes first."""
    return [".".join(names[:count]) for count in range(len(names), 0, -1)]


def _members(text: str, at: int) -> dict[str, Span]:
    """Of the object or list at a place; empty for anything else. Of two equal names the last counts, as for readers."""
    at = _skip(text, at)
    if text[at : at + 1] not in ("{", "["):
        return {}
    named, found, number = text[at] == "{", dict[str, Span](), 0
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        name = str(number)
        if named:
            name, at = DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = DECODER.raw_decode(text, at)
        found[name] = Span(at, end)
        number += 1
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    space = SPACE.match(text, at)
    return space.end() if space else at


def _broken(text: str) -> Span | None:
    """None: it is JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        start = min(error.pos, max(0, len(text) - 1))
        return Span(start, min(len(text), start + 1))
    except (RecursionError, ValueError):  # too deep, a number with too many digits
        return Span(0, min(1, len(text)))
    return None
