"""Searching inside the values of a facet: which of them have words that begin like those typed."""

import unicodedata
from functools import lru_cache
from typing import Final

FOLDED_KEPT_MAX: Final = 20_000
"""Values whose folded words are remembered."""


@lru_cache(maxsize=FOLDED_KEPT_MAX)
def folded_words(text: str) -> tuple[str, ...]:
    """Without case, accents and marks: "Café-Bar" -> ("cafe", "bar")."""
    plain = (char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return tuple("".join(char if char.isalnum() else " " for char in plain).split())


def matches(text: str, wanted: tuple[str, ...]) -> bool:
    """Whether each of the wanted words begins one of the text's."""
    words = folded_words(text)
    return all(any(word.startswith(start) for word in words) for start in wanted)
