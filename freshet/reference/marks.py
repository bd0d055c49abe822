"""Generated parts of a document stand between two comments; everything else is written by hand and stays."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.errors import InvalidRequest

END = "<!-- end of what is generated -->"
BEGIN = re.compile(r"^<!-- generated: (.*) -->$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~)")


@dataclass(frozen=True)
class Part:
    """One generated part. With a `heading` it has a section of its own, which is put in where it is missing."""

    name: str
    text: str
    heading: str = ""


def renew(document: str, parts: Sequence[Part]) -> str:
    """The document with its generated parts as they are now; a missing one comes behind the section of the one before.

    Raises InvalidRequest for a part that is there and is no longer made: its section must go by hand.
    """
    gone = set(BEGIN.findall(document)) - {part.name for part in parts}
    if gone:
        raise InvalidRequest("gone", f"no longer there: {', '.join(sorted(gone))}", hint="remove the section by hand")
    before = ""
    for part in parts:
        if begin(part.name) not in document:
            document = _insert(document, part, before)
        document = _replace(document, part)
        before = part.name
    return document


def begin(name: str) -> str:
    return f"<!-- generated: {name} -->"


def _replace(document: str, part: Part) -> str:
    head, _, rest = document.partition(begin(part.name))
    _, end, tail = rest.partition(END)
    if not end:
        raise InvalidRequest("no_end", f"{begin(part.name)} has no {END} behind it", hint="write it back in")
    if part.heading:
        lines = head.splitlines()
        last = max(number for number, line in enumerate(lines) if line.startswith("#"))
        lines[last] = part.heading
        head = "\n".join(lines) + "\n"
    return f"{head}{begin(part.name)}\n{part.text.strip()}\n{END}{tail}"


def _insert(document: str, part: Part, before: str) -> str:
    """Puts an empty part in, at the end of the section that holds the part `before`."""
    if not part.heading:
        raise InvalidRequest("no_place", f"there is no {begin(part.name)}", hint=f"write it and {END} where it belongs")
    lines = document.splitlines()
    at = _section_end(lines, lines.index(begin(before)) if before else len(lines))
    return "\n".join([*lines[:at], part.heading, begin(part.name), END, "", *lines[at:]]).rstrip("\n") + "\n"


def _section_end(lines: list[str], start: int) -> int:
    """Index of the next heading behind `start`, outside code and generated parts."""
    generated = fenced = False
    for number in range(start, len(lines)):
        line = lines[number]
        if FENCE.match(line):
            fenced = not fenced
        if BEGIN.match(line) or line == END:
            generated = line != END
        if line.startswith("#") and not fenced and not generated:
            return number
    return len(lines)
