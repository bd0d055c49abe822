"""What a word that no product holds was meant to be; None where nothing is near enough to say so."""

from collections.abc import Sequence
from math import log10
from typing import Final, NamedTuple, Protocol

from schemas.edits import SLIP, SPLIT_COST
from schemas.spelling import Candidate, Doubt

COST_WEIGHT: Final = 6.0
HOLDING_WEIGHT: Final = 0.5
TOGETHER_WEIGHT: Final = 0.3
"""Of what an edit costs, and of how many products hold a candidate, alone and with another word of the query, in powers
of ten: nearness decides, and of those that are equally near what is more frequent (docs/adr/0017)."""
SHORT_CHARS: Final = 4
"""Words of so many letters are corrected where one slip explains them, shorter ones never: too many words are near."""
COST_SHARE_MAX: Final = 0.19
"""Longer words: so much may be wrong with each of their letters."""
PART_CHARS_MIN: Final = 4
"""Of two words that were written as one, the least that each of them has."""


class Near(NamedTuple):
    """A word that the encoder knows."""

    text: str
    cost: float


class Language(Protocol):
    """Words of the language, whether or not the catalogue has them."""

    def has(self, word: str) -> bool: ...

    def derives(self, word: str) -> bool:
        """Whether it is one of its words with an ending: heater, planters."""
        ...

    def near(self, word: str) -> Sequence[Near]: ...


def choose(doubt: Doubt, language: Language) -> str | None:
    """A word that the catalogue has, else one that the encoder knows and that is a slip away: its meaning is searched
    for. Names that neither knows are many: more than a slip would change what they mean."""
    if language.has(doubt.word):
        return None
    derived = language.derives(doubt.word)
    candidates = [one for one in doubt.candidates if one.cost <= _most(doubt.word, one.text, derived)]
    spoken = [one for one in language.near(doubt.word) if one.cost <= SLIP]
    best = max(candidates, key=_worth, default=None)
    if best is None:
        return min(spoken, key=lambda one: (one.cost, one.text)).text if spoken else None
    if any(one.cost < best.cost for one in spoken) and " " not in best.text:
        return min(spoken, key=lambda one: (one.cost, one.text)).text
    return best.text


def _most(word: str, text: str, derived: bool) -> float:
    """What may be wrong at most with a word that was meant to be `text`."""
    if " " in text:
        return SPLIT_COST if not derived and min(map(len, text.split())) >= PART_CHARS_MIN else 0.0
    chars = max(len(word), len(text))
    if chars < SHORT_CHARS:
        return 0.0
    return SLIP if chars == SHORT_CHARS or derived else COST_SHARE_MAX * chars


def _worth(one: Candidate) -> tuple[float, str]:
    held = HOLDING_WEIGHT * log10(1 + one.holding) + TOGETHER_WEIGHT * log10(1 + one.together)
    return held - COST_WEIGHT * one.cost, one.text
