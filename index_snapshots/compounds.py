"""Words that may be written together or apart: "head set" and "headset", "40ft" and "40 ft"."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

JOINED_CHARS_MIN: Final = 5
"""Two neighbours are looked for as one word too ("head set"), from so many letters on."""
_NUMBER: Final = re.compile("[0-9]{1,6}")
_LETTERS: Final = re.compile("[a-z]{1,6}")
_NUMBER_UNIT: Final = re.compile(rf"({_NUMBER.pattern})([a-z]{{2,6}}|[agklmvw])")
"""A letter alone is mostly no unit: 3b, 24x are not written apart."""


class Others(NamedTuple):
    """Other ways to say words of a query."""

    words: tuple[str, ...]
    """Folded, as they stand one after the other."""
    ways: tuple[str, ...]


def apart_and_together(tokens: Sequence[str]) -> Iterable[Others]:
    """Two neighbours as one word, a number apart from the unit behind it, and the other way round."""
    for pair in pairwise(tokens):
        joined = "".join(pair)
        measure = _NUMBER.fullmatch(pair[0]) and _LETTERS.fullmatch(pair[1])
        if (joined.isalpha() and len(joined) >= JOINED_CHARS_MIN) or measure:
            yield Others(pair, (joined,))
    for token in tokens:
        if found := _NUMBER_UNIT.fullmatch(token):
            yield Others((token,), (f"{found[1]} {found[2]}",))
