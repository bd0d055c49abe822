"""Which words of a query no product of a shard holds, and which words that some do hold are spelt like them."""

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Final

from index_snapshots.vocabulary import WORD_CHARS_MAX, WORD_CHARS_MIN
from index_snapshots.word_index import Committed, Terms, Wanted, Way, Word
from schemas.edits import SPLIT_COST, edit_cost
from schemas.folding import folded
from schemas.spelling import DOUBTS_MAX, NEAR_MAX, Candidate, Doubt

PART_CHARS_MIN: Final = 2
"""Of a word that was written together with the next one."""


def doubts(committed: Committed, wanted: Wanted) -> list[Doubt]:
    """In the order of the query, at most DOUBTS_MAX."""
    unknown = [word for word in wanted.words if _may_be_misspelt(word)][:DOUBTS_MAX]
    known = [word.stems for word in wanted.words if word.known]
    return [
        Doubt(
            word=word.text,
            candidates=_likeliest(committed, word.text, known),
            beginning=max((committed.holding(((term,),)) for term in word.beginnings), default=0),
        )
        for word in unknown
    ]


def _may_be_misspelt(word: Word) -> bool:
    return not word.known and word.text.isalpha() and WORD_CHARS_MIN <= len(word.text) <= WORD_CHARS_MAX


def _likeliest(committed: Committed, word: str, known: Sequence[Terms]) -> list[Candidate]:
    """The nearest, and of those that are equally near the most frequent."""
    found = [*_spelt_alike(committed, word), *_written_apart(committed, word)]
    best = nsmallest(NEAR_MAX, found, key=lambda one: (one[1], -one[2], one[0]))
    counted = ((text, cost, committed.counted(way), way) for text, cost, _, way in best)
    return [
        Candidate(text=text, cost=cost, holding=holding, together=committed.together(way, known))
        for text, cost, holding, way in counted
        if holding
    ]


def _spelt_alike(committed: Committed, word: str) -> Iterable[tuple[str, float, int, Way]]:
    for text in committed.near(word):
        way = (committed.terms(text),)
        holding = committed.holding(way) if way[0] else 0
        if holding:
            yield text, round(edit_cost(word, folded(text)), 2), holding, way


def _written_apart(committed: Committed, word: str) -> Iterable[tuple[str, float, int, Way]]:
    """Two words that some product holds both of."""
    for at in range(PART_CHARS_MIN, len(word) - PART_CHARS_MIN + 1):
        way = (committed.terms(word[:at]), committed.terms(word[at:]))
        if all(terms and committed.holding((terms,)) for terms in way):
            holding = committed.holding(way)
            if holding:
                yield f"{word[:at]} {word[at:]}", SPLIT_COST, holding, way
