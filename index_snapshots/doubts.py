"""Which words of a query no product of a shard holds as they stand, or few, and which are spelt like them."""

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Final

from index_snapshots.vocabulary import WORD_CHARS_MAX, WORD_CHARS_MIN
from index_snapshots.word_index import Committed, Terms, Wanted, Way, Word
from schemas.edits import edit_cost
from schemas.folding import folded
from schemas.spelling import DOUBTS_MAX, NEAR_MAX, RARE_MAX, Candidate, Doubt

PART_CHARS_MIN: Final = 2
"""Of a word that was written together with the next one."""
SPLIT_COST: Final = 0.8
"""A space that is missing between two words: they are told before what is further away."""


def doubts(committed: Committed, wanted: Wanted) -> list[Doubt]:
    """In the order of the query, at most DOUBTS_MAX."""
    doubted = [word for word in wanted.words if _may_be_misspelt(committed, word)][:DOUBTS_MAX]
    known = [word.stems for word in wanted.words if word.known]
    told = (_doubt(committed, word, [stems for stems in known if stems != word.stems]) for word in doubted)
    return [doubt for doubt in told if doubt is not None]


def _doubt(committed: Committed, word: Word, known: Sequence[Terms]) -> Doubt | None:
    """None: it stands there so, but for its accents, or is rare and nothing is like it."""
    holding = committed.holding((word.stems,)) if word.known and committed.written(word.text) else 0
    candidates = [one for one in _likeliest(committed, word.text, known) if one.text != word.text]
    if (word.known and any(one.cost == 0 for one in candidates)) or (holding and not candidates):
        return None
    return Doubt(
        word=word.text,
        candidates=candidates,
        beginning=max((committed.holding(((term,),)) for term in word.beginnings), default=0),
        form=word.known and not holding,
        holding=holding,
    )


def _may_be_misspelt(committed: Committed, word: Word) -> bool:
    """No product holds it, or few do, or those that do hold another form of it: insullation has the stem of
    insulation."""
    if not (word.text.isalpha() and WORD_CHARS_MIN <= len(word.text) <= WORD_CHARS_MAX):
        return False
    if not word.known:
        return True
    return not word.others and (not committed.written(word.text) or committed.holding((word.stems,)) <= RARE_MAX)


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
