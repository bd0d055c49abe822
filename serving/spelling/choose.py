"""What a word that no product holds was meant to be; None where nothing is likely enough to say so.

How likely a candidate is, is a sum (docs/adr/0017): what the edits cost, for a word of six letters; whether products
hold it, how many, and how many of them with other words of the query; how frequent it is in the language; and how well
it goes with the rest of the query (`context.py`). The weights are those of a logistic regression, so that 0 stands for
"as likely as that it was meant as it is"; what has at least LEAST is taken.
"""

from collections.abc import Iterator, Sequence
from math import log10
from typing import Final, NamedTuple, Protocol

from schemas.folding import folded
from schemas.spelling import Candidate, Doubt
from serving.spelling.context import NO_CONTEXT, Context

ANY: Final = 4.1
EDITS: Final = -5.5
"""Of `schemas.edits.edit_cost`, for a word of six letters; in a longer one a slip says less."""
HELD: Final = 1.5
HOLDING: Final = 0.3
"""That products hold it at all, and the logarithm (base 10) of how many."""
TOGETHER: Final = 0.2
"""The logarithm of how many of them hold another word of the query too."""
FREQUENT: Final = 0.25
"""The logarithm of how frequent it is, against that of NEUTRAL."""
SPOKEN: Final = -3.0
SPOKEN_OFTEN: Final = -1.2
"""Against any other word than one of the language: that it is one, and how frequent it is."""
SPOKEN_SENSE: Final = -4.9
"""The same as SPOKEN for what the meaning is made of: there a doubt moves the answer though nothing is put right."""
LEAST: Final = 0.7
SURE: Final = 1.0
"""As likely as this it is meant rather than two words that were written as one, or than a word of the language."""
MORE_TIMES: Final = 10
"""What is only offered is held by so many times as many products as what was typed, and at least by so many."""
LETTERS: Final = 6

NEUTRAL: Final = 3.3
"""On the Zipf scale, log10 of the uses per billion words."""
UNKNOWN: Final = -5.5
"""On the same scale: no word of the language."""
UNTOLD: Final = -1.1
"""Where no word of the language is known: what was typed may well be one that the catalogue lacks."""

CHARS_MIN: Final = 4
"""Shorter words are left: too many are near."""
JOINED_CHARS_MIN: Final = 7
"""Of two words that were written as one."""
PART_CHARS_MIN: Final = 4
"""Of each of them; what is shorter is one of SHORT_PARTS, or stands in texts more often."""
SHORT_PARTS: Final = frozenset({"in", "on", "up"})
NO_PARTS: Final = frozenset({"less", "ness", "able", "like"})
"""Endings rather than words: touchless, tankless."""


class Parts(NamedTuple):
    """How often on the Zipf scale each of two words has to stand in texts that were written as one."""

    zipf: float
    short: float
    """Of one that is shorter than PART_CHARS_MIN."""


FREQUENT_PARTS: Final = Parts(3.5, 5.2)
RARER_PARTS: Final = Parts(3.0, 4.8)
"""For the meaning: there both senses are searched, and a wrong one costs half a page."""


class Near(NamedTuple):
    """A word of the language."""

    text: str
    cost: float
    """See `schemas.edits.edit_cost`; less where it sounds alike (`sounds.py`)."""


class Language(Protocol):
    """Words of the language, whether or not the catalogue has them."""

    @property
    def knows(self) -> bool:
        """False: it has no words at all."""
        ...

    def has(self, word: str) -> bool: ...

    def likely(self, word: str) -> float:
        """On the Zipf scale."""
        ...

    def near(self, word: str) -> Sequence[Near]: ...


def choose(doubt: Doubt, language: Language, context: Context = NO_CONTEXT) -> str | None:
    """Names that neither the catalogue nor the language knows are many: what is far from all words is left. So is what
    the language knows, unless it is rare and what products hold instead is very near."""
    spoken = language.has(doubt.word)
    if doubt.holding or (doubt.form and (spoken or not language.knows)):
        return None
    if spoken:
        likely, text = _instead_of_spoken(doubt, language)
        return text if likely >= SURE else None
    likely, text = max(likelihoods(doubt, language, context), default=(0.0, ""))
    return text if likely >= LEAST else None


def likelihoods(
    doubt: Doubt, language: Language, context: Context = NO_CONTEXT, parts: Parts = FREQUENT_PARTS
) -> list[tuple[float, str]]:
    """What a word may be instead, with the log-odds of each against that it was meant as it is."""
    word, spoken = doubt.word, language.has(doubt.word)
    if doubt.holding or (doubt.form and (spoken or not language.knows)):
        return []
    against = SPOKEN_SENSE + _spoken_often(word, language) if spoken else 0.0
    every = [(likely + against, text) for likely, text in _likely(doubt, language, language.near(word)) if text != word]
    apart = _apart(doubt, language, parts)
    every += [(SURE + against, apart)] if apart else []
    return [(likely + context.worth(word, text), text) for likely, text in every]


def offered(doubt: Doubt, language: Language) -> str | None:
    """What may be meant by a word that is left as it is: a likely word that many more products hold."""
    if doubt.form and not language.knows:
        return None
    holding = {one.text: one.holding for one in doubt.candidates}
    if language.has(doubt.word):
        likely, text = _instead_of_spoken(doubt, language)
    else:
        likely, text = max(_likely(doubt, language, ()), default=(0.0, ""))
    many = holding.get(text, 0) >= MORE_TIMES * max(1, doubt.holding)
    return text if many and likely >= LEAST else None


def _instead_of_spoken(doubt: Doubt, language: Language) -> tuple[float, str]:
    """The likeliest word that products hold instead of a word of the language: the rarer that is, the likelier."""
    likely, text = max(_likely(doubt, language, ()), default=(0.0, ""))
    return likely + SPOKEN + _spoken_often(doubt.word, language), text


def _spoken_often(word: str, language: Language) -> float:
    return SPOKEN_OFTEN * (language.likely(word) - NEUTRAL)


def _likely(doubt: Doubt, language: Language, near: Sequence[Near]) -> Iterator[tuple[float, str]]:
    spoken = {one.text: (one.cost, 0.0) for one in near}
    held = {
        one.text: (min(one.cost, spoken.get(one.text, (one.cost, 0.0))[0]), _held(one))
        for one in doubt.candidates
        if " " not in one.text
    }
    for text, (cost, worth) in {**spoken, **held}.items():
        letters = max(len(doubt.word), len(text))
        if letters >= CHARS_MIN:
            score = ANY + EDITS * cost * LETTERS / letters + FREQUENT * (language.likely(folded(text)) - NEUTRAL)
            yield score + worth, text


def _held(one: Candidate) -> float:
    """What it counts that products hold a candidate."""
    return HELD + HOLDING * log10(1 + one.holding) + TOGETHER * log10(1 + one.together)


def _apart(doubt: Doubt, language: Language, least: Parts) -> str | None:
    """Two words that were written as one: of those that are both frequent in the language the pair whose rarer word is
    most so, else those that a product holds both of."""
    word = doubt.word
    spoken = ((word[:at], word[at:]) for at in range(2, len(word) - 1)) if len(word) >= JOINED_CHARS_MIN else ()
    frequent = [(min(parts), pair) for pair in spoken if all(parts := [_part(one, language, least) for one in pair])]
    if frequent:
        return " ".join(max(frequent)[1])
    held = [(one.holding, one.text) for one in doubt.candidates if " " in one.text]
    return max((one for one in held if min(map(len, one[1].split())) >= PART_CHARS_MIN), default=(0, None))[1]


def _part(word: str, language: Language, least: Parts) -> float:
    """How frequent it is; 0: too seldom to be a part."""
    if word in SHORT_PARTS:
        return FREQUENT_PARTS.short
    if len(word) < PART_CHARS_MIN - 1 or word in NO_PARTS or not language.has(word):
        return 0.0
    zipf = language.likely(word)
    return zipf if zipf >= (least.zipf if len(word) >= PART_CHARS_MIN else least.short) else 0.0
