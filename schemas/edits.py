"""How far a misspelt word is from a word: one formula that the shards and the query tier share.

The costs are how seldom each slip is, as a fit to 850 misspelt words of a shop's queries has it, in units of the least
likely one, a letter in place of another (docs/adr/0017).
"""

from itertools import pairwise
from typing import Final

EDIT: Final = 1.0
"""Another letter."""
SLIP: Final = 0.55
"""What fingers do: two letters changed places, or one of two equal letters is missing."""
AKIN: Final = 0.75
"""A letter in place of its neighbour on the keyboard, or of one that sounds like it: vowels, c and k, s and z ..."""
MISSING: Final = 0.65
"""A letter too few."""
DOUBLED: Final = 0.65
"""A letter twice."""
TOO_MANY: Final = 0.85
"""Another letter too many; of the neighbour's key it is AKIN."""
FIRST: Final = 0.2
"""What is added where the first letters differ: it is seldom wrong."""

_VOWELS: Final = "aeiouyäöüáéíóúàèìòùâêîôû"
_SOUNDS: Final = ("ck", "sz", "sc", "gj", "fv", "kq", "xs")
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _pairs() -> frozenset[str]:
    """Letters that are typed for each other, both ways round."""
    beside = [row[at : at + 2] for row in _ROWS for at in range(len(row) - 1)]
    below = [a + b for above, row in pairwise(_ROWS) for at, b in enumerate(row) for a in above[at : at + 2]]
    vowels = [a + b for a in _VOWELS for b in _VOWELS if a != b]
    return frozenset(pair for one in (*beside, *below, *vowels, *_SOUNDS) for pair in (one, one[::-1]))


_KEYS: Final = _pairs()


def edit_cost(typed: str, word: str) -> float:
    """Least sum over the edits that make the one of the other (optimal string alignment); 0 where they are equal."""
    before: list[float] = []
    row = [0.0]
    for at in range(1, len(word) + 1):
        row.append(row[-1] + _missing(word, at))
    for i in range(1, len(typed) + 1):
        above, before_that = row, before
        before, row = above, [above[0] + _too_many(typed, i)]
        for j in range(1, len(word) + 1):
            least = min(
                above[j - 1] + _instead(typed[i - 1], word[j - 1]),
                above[j] + _too_many(typed, i),
                row[j - 1] + _missing(word, j),
            )
            if i > 1 and j > 1 and typed[i - 1] == word[j - 2] and typed[i - 2] == word[j - 1]:
                least = min(least, before_that[j - 2] + SLIP)
            row.append(least)
    return row[-1] + (FIRST if typed[:1] != word[:1] else 0.0)


def _missing(word: str, at: int) -> float:
    """Letter number `at` of the word, from 1, was not typed."""
    return SLIP if at > 1 and word[at - 1] == word[at - 2] else MISSING


def _too_many(typed: str, at: int) -> float:
    """Letter number `at` of what was typed, from 1, is not in the word."""
    one, before, after = typed[at - 1], typed[at - 2 : at - 1] if at > 1 else "", typed[at : at + 1]
    if one in (before, after):
        return DOUBLED
    return AKIN if one + before in _KEYS or one + after in _KEYS else TOO_MANY


def _instead(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return AKIN if one + other in _KEYS else EDIT
