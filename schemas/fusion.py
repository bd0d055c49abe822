"""How hits by words and hits by meaning become one list: one formula that the shards and the query tier share."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

DEPTH: Final = 100
"""So many of the best hits of each list set its scale, whatever the page: paging stays consistent."""
WORDS_SHARE: Final = 0.5
"""What the words count where the best product holds all of them; the meaning counts the rest (docs/adr/0015)."""
CODE_SHARE: Final = 0.9
"""What the words count where one of them is a product's code."""

Ranked = Sequence[tuple[str, float]]
"""SKU and score, best first, ties by SKU; each SKU once."""


class Fused(NamedTuple):
    sku: str
    relevance: float
    """0..1; 1: the first of all lists. A session moves it by up to its strength (`schemas.personal`)."""
    near_rank: int | None
    """By meaning, from 1; None: not among those."""
    words_rank: int | None


def trust(cover: float, *, code: bool) -> float:
    """The share of the words in a query's relevance, 0..1; the meaning has the rest.

    `cover`: which share of the query's words the best product holds, weighted by their rarity (idf). Products that lack
    half of what was asked for are a guess, so a long description is left to its meaning, unless some product has just
    these words. A code names a product: there nearly all is left to the words.
    """
    return CODE_SHARE if code else WORDS_SHARE * cover


def fuse(near: Ranked, words: Ranked, share: float, limit: int | None = None) -> list[Fused]:
    """Best first, ties by the better rank, then by SKU; the first `limit`. `share`: of the words (`trust`).

    Each list's scores are put on a scale from 0 to 1 (relative score fusion: it keeps how far apart hits are, which
    ranks do not): 1 is its best, 0 is its hit number DEPTH. Of fewer hits by words 0 is none at all, since to hold a
    rare word says much; the nearest products end somewhere in any case, so of fewer 0 is the last. What lies deeper
    gets 0, as what is in one list only gets from the other. Where a list is empty the other counts for all.
    """
    share = 0.0 if not words else 1.0 if not near else share
    by_words = _scaled(words, 0.0 if len(words) < DEPTH else words[DEPTH - 1][1])
    by_near = _scaled(near, near[min(DEPTH, len(near)) - 1][1] if near else 0.0)
    near_ranks = {sku: rank for rank, (sku, _) in enumerate(near, 1)}
    words_ranks = {sku: rank for rank, (sku, _) in enumerate(words, 1)}
    rest = 1.0 - share
    rows: list[tuple[float, int, str, int | None, int | None]] = []  # sorted as they are: a key for each costs as much
    for sku, rank in near_ranks.items():
        by_word = words_ranks.get(sku)
        relevance = share * by_words.get(sku, 0.0) + rest * by_near.get(sku, 0.0)
        rows.append((-relevance, rank if by_word is None or rank < by_word else by_word, sku, rank, by_word))
    for sku, rank in words_ranks.items():
        if sku not in near_ranks:
            rows.append((-share * by_words.get(sku, 0.0), rank, sku, None, rank))
    rows.sort()
    return [Fused(sku, -value, near_rank, words_rank) for value, _, sku, near_rank, words_rank in rows[:limit]]


def in_turn(one: Sequence[Fused], other: Sequence[Fused]) -> list[Fused]:
    """The hits of two lists by turns, the first one's before, each once: as relevant as the better of the two that
    stand at its place."""
    found: dict[str, Fused] = {}
    for pair in zip_longest(one, other):
        there = [each for each in pair if each is not None]
        relevance = max(each.relevance for each in there)
        for each in there:
            found.setdefault(each.sku, each._replace(relevance=relevance))
    return list(found.values())


def ranked(pairs: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Best first, ties by SKU."""
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _scaled(listed: Ranked, low: float) -> dict[str, float]:
    """0..1 of the first DEPTH; all 1 where they are equal."""
    if not listed:
        return {}
    high = listed[0][1]
    span = high - low
    return {sku: (score - low) / span if span > 0 else 1.0 for sku, score in listed[:DEPTH]}


def better_rank(one: Fused) -> int:
    return min(rank for rank in (one.near_rank, one.words_rank) if rank is not None)
