"""Step `drop`: the query without its least useful words, as long as most of it is left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from schemas.fallback import Fallback
from schemas.folding import WORD, folded
from serving.fallback.step import Again, Landed, Missed, any_hits

DROPS_MAX: Final = 3
"""Shorter queries that are tried."""
LEFT_SHARE: Final = 0.5
"""More than this share of the words must be left: else it is another query, and the meaning says more."""


async def drop(missed: Missed, again: Again) -> Landed | None:
    """Where the meaning ranks too, the hits stay as they are, and it is said what they lack: no word was demanded, and
    one that no product holds may still mean something."""
    if not missed.by_words:
        return None
    words, text = missed.found.candidates.words, missed.understood.looked_up
    filters = missed.understood.filters(missed.request.filters)
    for dropped in shorter(words.rarities, words.unknown):
        left = without(text, dropped)
        if left == text or await again.holding(left, missed.request, filters, missed.below) < missed.below:
            continue
        found = missed.found
        if found.vector is None:
            found = await again.search(missed.request, replace(missed.understood, words=left))
        if any_hits(missed.request, found):
            return Landed(found, Fallback(step="drop", text=left, dropped=list(dropped)))
    return None


def shorter(rarities: Mapping[str, float], unknown: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What to leave out, least first: the words that no product holds, then beside them the most frequent ones, which
    say least. At most DROPS_MAX ways."""
    useless = [word for word in rarities if word in unknown]
    known = sorted((word for word in rarities if word not in unknown), key=lambda word: (rarities[word], word))
    ways = [tuple(useless + known[:more]) for more in range(len(known))]
    fitting = [way for way in ways if way and len(rarities) - len(way) > LEFT_SHARE * len(rarities)]
    yield from fitting[:DROPS_MAX]


def without(text: str, words: Sequence[str]) -> str:
    """The text without these words, which are small and without accents."""
    parts, end = [], 0
    for found in WORD.finditer(text):
        if folded(found[0]) in words:
            parts.append(text[end : found.start()])
            end = found.end()
    return " ".join("".join([*parts, text[end:]]).split())
