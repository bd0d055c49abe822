"""How far a misspelt word is from a word: one formula that the shards and the query tier share."""

from typing import Final

EDIT: Final = 1.0
"""A letter too many, too few, or another one."""
SLIP: Final = 0.6
"""What fingers do: two letters changed places, a letter doubled or not."""
VOWEL: Final = 0.8
"""One vowel for another."""
FIRST: Final = 0.4
"""What is added where the first letters differ: it is seldom wrong."""
SPLIT_COST: Final = 0.8
"""A space that is missing between two words."""
_VOWELS: Final = frozenset("aeiouyäöüáéíóúàèìòùâêîôû")


def edit_cost(typed: str, word: str) -> float:
    """Least sum over the edits that make the one of the other (optimal string alignment); 0 where they are equal."""
    before: list[float] = []
    row = [0.0]
    for at in range(1, len(word) + 1):
        row.append(row[-1] + _one_more(word, at))
    for i in range(1, len(typed) + 1):
        above, before_that = row, before
        before, row = above, [above[0] + _one_more(typed, i)]
        for j in range(1, len(word) + 1):
            least = min(
                above[j - 1] + _instead(typed[i - 1], word[j - 1]),
                above[j] + _one_more(typed, i),
                row[j - 1] + _one_more(word, j),
            )
            if i > 1 and j > 1 and typed[i - 1] == word[j - 2] and typed[i - 2] == word[j - 1]:
                least = min(least, before_that[j - 2] + SLIP)
            row.append(least)
    return row[-1] + (FIRST if typed[:1] != word[:1] else 0.0)


def _one_more(word: str, at: int) -> float:
    """Letter number `at`, from 1, is there in the one and not in the other."""
    return SLIP if at > 1 and word[at - 1] == word[at - 2] else EDIT


def _instead(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return VOWEL if one in _VOWELS and other in _VOWELS else EDIT
