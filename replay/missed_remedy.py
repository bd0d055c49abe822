"""What helps a query that found too little: a synonym, an attribute or a price, or the product itself."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, Literal, NamedTuple

from schemas.folding import words_in

Kind = Literal["synonym", "attribute", "missing product", "nothing any more"]
ALIKE: Final = 0.75
"""Least likeness (`difflib`, 0..1) of a word and one in a title that may be meant by it."""
NEAR: Final = 0.45
"""Least cosine of query and product at which they may mean the same."""
SHARED: Final = 0.5
"""Of the nearest products so many have a word in their titles that may be another name for what was asked."""
WORD_CHARS_MIN: Final = 3


class Evidence(NamedTuple):
    """What the shop says of a query now."""

    text: str
    found: bool
    """Whether the query itself finds enough now."""
    unknown: Sequence[str]
    """Its words that no product holds."""
    near_titles: Sequence[str]
    """Titles that are suggested for each of these, one slip allowed."""
    nearest: Sequence[tuple[str, float]]
    """Titles of the nearest products by meaning, best first, with their cosines."""
    relaxed: Sequence[str]
    """Filters without which it found something, the most frequent first."""


class Remedy(NamedTuple):
    kind: Kind
    words: str
    """What to do."""


def remedy(evidence: Evidence) -> Remedy:
    if evidence.found:
        return Remedy("nothing any more", "it finds enough now")
    if evidence.relaxed:
        return Remedy("attribute", of_filters(evidence.relaxed))
    for word in evidence.unknown:
        meant = written_like(word, evidence.near_titles)
        if meant:
            return Remedy("synonym", f"{word} -> {meant}: a product is written like it")
    shared = shared_word(evidence.text, evidence.nearest)
    if shared and evidence.unknown:
        return Remedy("synonym", f"{' '.join(evidence.unknown)} -> {shared}: what is nearest by meaning has it")
    if evidence.nearest and evidence.nearest[0][1] >= NEAR and evidence.unknown:
        title = evidence.nearest[0][0]
        return Remedy("attribute", f"add {' '.join(evidence.unknown)} to products such as {title!r}, if they are it")
    return Remedy("missing product", "no product has these words, and none comes near by meaning")


def of_filters(relaxed: Sequence[str]) -> str:
    name = relaxed[0]
    if name.endswith("price"):
        return "there is such a product, but none at this price"
    if name == "in_stock":
        return "there is such a product, but none in stock"
    field = name.removeprefix("attributes.")
    return f"products that have the words do not pass the filter {name}: is their {field} right?"


def written_like(word: str, titles: Sequence[str]) -> str:
    """The word in the titles that may be meant; empty: none."""
    others = dict.fromkeys(each for title in titles for each in words_in(title) if len(each) >= WORD_CHARS_MIN)
    others.pop(word, None)
    return next(iter(get_close_matches(word, list(others), 1, ALIKE)), "")


def shared_word(text: str, nearest: Sequence[tuple[str, float]]) -> str:
    """The word that most of the near titles have and the query has not; empty: none."""
    near = [title for title, score in nearest if score >= NEAR]
    asked = set(words_in(text))
    words = (word for title in near for word in dict.fromkeys(words_in(title)))
    counted = Counter(word for word in words if len(word) >= WORD_CHARS_MIN and word.isalpha())
    fitting = [(-count, word) for word, count in counted.items() if word not in asked and count >= SHARED * len(near)]
    return min(fitting)[1] if len(near) > 1 and fitting else ""
