"""Whether a product's text holds a size that is asked for, in any of the ways that it may be written.

A pattern begins with the digits of a number, and only then looks at what stands before them: digits are found as plain
text, at once. 200 bodies of Icecat take 1 to 2 ms.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.wishes import Size, Spelling

PATTERNS_KEPT_MAX: Final = 512
NAMED_UNIT_CHARS_MIN: Final = 2
"""A unit in the name of an attribute, `weight_kg`, has at least so many."""
NAME_CHARS: Final = 24
"""So far back the unit stands in such a name."""
_PART_OF_A_NUMBER: Final = "[0-9.,/]"
_OTHER_UNIT: Final = r"\s?(?:mm|cm|m|in|inch|inches|ft|feet|”|\\\")(?![^\W_])"
_IN_JSON: Final = {'"': r"\\\""}
"""How a sign stands in the JSON of a body."""


class Written(NamedTuple):
    """One way to write a size, ready to be looked for."""

    digits: str
    """What it begins with."""
    whole: "re.Pattern[str]"
    named: "re.Pattern[str] | None"
    """What stands before a bare number that an attribute holds, `"weight_kg":`; None: units have no such name."""
    bare: "re.Pattern[str]"


def having(bodies: Iterable[str], size: Size) -> list[bool]:
    """Which of them hold it; each is the JSON of a `Content`."""
    ways = [_written(*_key(spelling)) for spelling in size.spellings]
    return [any(_stands(body, way) for way in ways) for body in bodies]


def _key(spelling: Spelling) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    return tuple(spelling.numbers), tuple(spelling.units), spelling.loose


def _stands(body: str, written: Written) -> bool:
    if written.digits not in body:
        return False
    if written.whole.search(body):
        return True
    named = written.named
    if named is None:
        return False
    places = (found.start() for found in written.bare.finditer(body))
    return any(named.search(body[max(0, at - NAME_CHARS) : at]) for at in places)


@lru_cache(PATTERNS_KEPT_MAX)
def _written(numbers: tuple[str, ...], units: tuple[str, ...], loose: bool) -> Written:
    called = "|".join(_unit(unit) for unit in sorted(units, key=lambda unit: (-len(unit), unit)))
    unit = rf"\s?-?(?:{called})" if units else ""
    first, *others = (_number(number, loose) for number in numbers)
    between = (rf"(?:{unit})?" if units else "") + r"\s?[x×*]\s?"
    end = unit or r"(?![0-9.,])"
    if units and others:
        end = rf"(?:{unit}|(?![\w.,])(?!{_OTHER_UNIT}))"
    words = [unit for unit in units if unit.isalpha() and len(unit) >= NAMED_UNIT_CHARS_MIN]
    named = re.compile(rf"[_\s(](?:{'|'.join(words)})\)?\":\"?$", re.IGNORECASE) if words and not others else None
    start = numbers[0].partition(".")[0]
    digits = re.escape(start)
    rest = first.removeprefix(digits)
    return Written(
        start,
        re.compile(between.join([rf"{digits}(?<!{_PART_OF_A_NUMBER}{digits}){rest}", *others]) + end, re.IGNORECASE),
        named,
        re.compile(rf'{digits}(?<=[:"]{digits}){rest}(?=[,}}"])'),
    )


def _number(text: str, loose: bool) -> str:
    if "." in text:
        return re.escape(text).replace(r"\.", "[.,]") + "0*"
    return re.escape(text) + (r"(?:[.,][0-9]+)?" if loose else "" if "/" in text else r"(?:[.,]0+)?")


def _unit(unit: str) -> str:
    if not unit.isalpha():
        return _IN_JSON.get(unit, re.escape(unit))
    return re.escape(unit) + r"(?![^\W_])"
