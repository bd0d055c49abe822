"""Whether a product's text holds a size that is asked for, in any of the ways that it may be written.

Numbers are looked for as plain text, and a pattern only tries what stands around them: 200 bodies of 3 kB take 2 ms.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.wishes import Size, Spelling

PATTERNS_KEPT_MAX: Final = 512
NAMED_UNIT_CHARS_MIN: Final = 2
"""A unit in the name of an attribute, `weight_kg`, has at least so many."""
NAME_CHARS: Final = 24
"""So far back the unit stands in such a name."""
_PART_OF_A_NUMBER: Final = frozenset("0123456789.,/")
_OTHER_UNIT: Final = r"\s?(?:mm|cm|m|in|inch|inches|ft|feet|”|\\\")(?![^\W_])"
_IN_JSON: Final = {'"': r"\\\""}
"""How a sign stands in the JSON of a body."""


class Written(NamedTuple):
    """One way to write a size, ready to be looked for."""

    start: str
    """What it begins with."""
    whole: "re.Pattern[str]"
    named: "re.Pattern[str] | None"
    """What stands before a bare number that an attribute holds, `"weight_kg":`; None: units have no such name."""
    bare: "re.Pattern[str]"


def has_size(body: str, size: Size) -> bool:
    """`body`: the JSON of a `Content`."""
    return any(_stands(body, _written(*_key(spelling))) for spelling in size.spellings)


def _key(spelling: Spelling) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    return tuple(spelling.numbers), tuple(spelling.units), spelling.loose


def _stands(body: str, written: Written) -> bool:
    at = body.find(written.start)
    while at >= 0:
        before = body[at - 1 : at]
        if before not in _PART_OF_A_NUMBER or not before:
            if written.whole.match(body, at):
                return True
            if (
                written.named is not None
                and before in ':"'
                and written.bare.match(body, at)
                and written.named.search(body[max(0, at - NAME_CHARS) : at])
            ):
                return True
        at = body.find(written.start, at + 1)
    return False


@lru_cache(PATTERNS_KEPT_MAX)
def _written(numbers: tuple[str, ...], units: tuple[str, ...], loose: bool) -> Written:
    called = "|".join(_unit(unit) for unit in sorted(units, key=lambda unit: (-len(unit), unit)))
    unit = rf"\s?-?(?:{called})" if units else ""
    many = [_number(number, loose) for number in numbers]
    between = (rf"(?:{unit})?" if units else "") + r"\s?[x×*]\s?"
    end = unit or r"(?![0-9.,])"
    if units and len(many) > 1:
        end = rf"(?:{unit}|(?![\w.,])(?!{_OTHER_UNIT}))"
    words = [unit for unit in units if unit.isalpha() and len(unit) >= NAMED_UNIT_CHARS_MIN]
    named = re.compile(rf"[_\s(](?:{'|'.join(words)})\)?\":\"?$", re.IGNORECASE) if words and len(many) == 1 else None
    return Written(
        numbers[0].partition(".")[0],
        re.compile(between.join(many) + end, re.IGNORECASE),
        named,
        re.compile(rf'{many[0]}(?=[,}}"])'),
    )


def _number(text: str, loose: bool) -> str:
    if "." in text:
        return re.escape(text).replace(r"\.", "[.,]") + "0*"
    return re.escape(text) + (r"(?:[.,][0-9]+)?" if loose else "" if "/" in text else r"(?:[.,]0+)?")


def _unit(unit: str) -> str:
    if not unit.isalpha():
        return _IN_JSON.get(unit, re.escape(unit))
    return re.escape(unit) + r"(?![^\W_])"
