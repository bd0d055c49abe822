"""The two likeliest things that a query with doubtful words may mean: the hits of both take turns.

To choose one sense is right for words, which find nothing by a word that no product holds. A vector of the wrong sense
finds other products altogether; of two senses each fills half of a page, so half of what was meant is on it.
"""

from collections.abc import Callable, Sequence
from itertools import product
from math import exp, prod
from typing import Final, NamedTuple

from schemas.folding import WORD, folded
from schemas.spelling import Doubt, Sense
from serving.spelling.choose import RARER_PARTS, Language, likelihoods
from serving.spelling.context import NO_CONTEXT, Context

SENSES_MAX: Final = 2
"""Of the query: each is encoded and searched. Of a word no more are needed for that, and as it was typed."""
SHARE_MIN: Final = 0.05
"""Of the likeliest sense: a second one that is less likely is left out."""


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
    words = [(word, options) for word, options in doubted if options[0].text != word or len(options) > 1]
    names = [word for word, _ in words]
    every = [
        (prod(one.share for one in chosen), dict(zip(names, (one.text for one in chosen), strict=True)))
        for chosen in product(*(options for _, options in words))
    ]
    every.sort(key=lambda one: -one[0])
    first, *others = every
    spoken = [word for word in names if language.has(word)]
    if any(first[1][word] != word for word in spoken):  # a word of the language is what is searched by words
        others = [one for one in others if all(one[1][word] == word for word in spoken)]
    else:
        others = [one for one in others if one[0] >= SHARE_MIN * first[0]]
    found = [first, *others[: SENSES_MAX - 1]]
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
    every_likely = likelihoods(doubt, language, context, RARER_PARTS)
    odds = {text: exp(likely) for likely, text in every_likely if not leave(doubt, text)}
    total = 1.0 + sum(odds.values())
    typed = Option(doubt.word, 1.0 / total)
    every = [typed, *(Option(text, odd / total) for text, odd in odds.items())]
    best = sorted(every, key=lambda one: (-one.share, one.text))[:SENSES_MAX]
    return [*best, typed] if typed not in best and language.has(doubt.word) else best
