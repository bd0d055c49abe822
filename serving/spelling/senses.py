"""All that a query with doubtful words may mean, and how likely each is: its meaning is made of all of them.

To choose one sense is right for words, which find nothing by a word that no product holds. A vector of the wrong sense
finds other products altogether, while one between two senses is near what either of them means.
"""

from collections.abc import Callable, Sequence
from itertools import product
from math import exp, prod
from typing import Final, NamedTuple

from schemas.folding import WORD, folded
from schemas.spelling import Doubt, Sense
from serving.spelling.choose import Language, likelihoods
from serving.spelling.context import NO_CONTEXT, Context

WORD_SENSES_MAX: Final = 4
"""Of one word, as it was typed included."""
SENSES_MAX: Final = 4
"""Of the query: each is encoded."""
WEIGHT_MIN: Final = 0.1
"""Of one word: what is less likely is left out."""


class Option(NamedTuple):
    """A word in place of one that is doubted, or that one itself."""

    text: str
    share: float
    """How likely it is, of 1."""


def senses(
    text: str,
    doubts: Sequence[Doubt],
    language: Language,
    leave: Callable[[Doubt, str], bool],
    context: Context = NO_CONTEXT,
) -> list[Sense]:
    """The likeliest first; empty where there is only one. `leave`: whether a doubtful word is no mistake but not
    finished. Pure."""
    typed = {folded(word[0]) for word in WORD.finditer(text)}
    doubted = [(doubt.word, _options(doubt, language, leave, context)) for doubt in doubts if doubt.word in typed]
    words = [(word, options) for word, options in doubted if len(options) > 1 or options[0].text != word]
    names = [word for word, _ in words]
    found = [
        (prod(one.share for one in chosen), dict(zip(names, (one.text for one in chosen), strict=True)))
        for chosen in product(*(options for _, options in words))
    ]
    found = sorted(found, key=lambda one: -one[0])[:SENSES_MAX]
    total = sum(weight for weight, _ in found)
    told = [Sense(text=_said(text, instead), weight=round(weight / total, 4)) for weight, instead in found]
    return told if len(told) > 1 else []


def _said(text: str, instead: dict[str, str]) -> str:
    def one(word: str) -> str:
        better = instead.get(folded(word), folded(word))
        return word if better == folded(word) else better

    return WORD.sub(lambda found: one(found[0]), text)


def _options(doubt: Doubt, language: Language, leave: Callable[[Doubt, str], bool], context: Context) -> list[Option]:
    """What one word may be, the likeliest first."""
    odds = {text: exp(likely) for likely, text in likelihoods(doubt, language, context) if not leave(doubt, text)}
    total = 1.0 + sum(odds.values())
    typed = Option(doubt.word, 1.0 / total)
    every = [typed, *(Option(text, odd / total) for text, odd in odds.items())]
    best = sorted(every, key=lambda one: (-one.share, one.text))[:WORD_SENSES_MAX]
    kept = [best[0], *(one for one in best[1:] if one.share >= WEIGHT_MIN)]
    if typed not in kept and language.has(doubt.word):
        kept.append(typed)  # a word of the language is what is searched by words
    return kept
