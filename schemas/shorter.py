"""Shorter ways to say a query: without the words that say least, as long as most of it is left."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from schemas.folding import WORD, folded

DROPS_MAX: Final = 3
"""Shorter queries that are tried."""
LEFT_SHARE: Final = 0.5
"""More than this share of the words must be left: else it is another query, and the meaning says more."""


def shorter(
    text: str, rarities: Mapping[str, float], unknown: Collection[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """What to leave out, least first, and what is left: without the words that no product holds, then beside them
    without the most frequent ones, which say least. At most DROPS_MAX ways. `rarities`: of the words of the text."""
    useless = [word for word in rarities if word in unknown]
    known = sorted((word for word in rarities if word not in unknown), key=lambda word: (rarities[word], word))
    ways = [tuple(useless + known[:more]) for more in range(len(known))]
    fitting = [way for way in ways if way and len(rarities) - len(way) > LEFT_SHARE * len(rarities)]
    for dropped in fitting[:DROPS_MAX]:
        left = without(text, dropped)
        if left != text:
            yield dropped, left


def without(text: str, words: Collection[str]) -> str:
    """The text without these words, which are small and without accents."""
    parts, end = [], 0
    for found in WORD.finditer(text):
        if folded(found[0]) in words:
            parts.append(text[end : found.start()])
            end = found.end()
    return " ".join("".join([*parts, text[end:]]).split())
