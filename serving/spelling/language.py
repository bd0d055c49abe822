"""Words of a language as the encoder knows them: what is one of them is no mistake, only not in the catalogue."""

from collections.abc import Iterable, Sequence
from typing import Final

from index_snapshots.vocabulary import WORD_CHARS_MIN, Vocabulary
from schemas.edits import edit_cost
from serving.spelling.choose import Near

SPOKEN_CHARS_MIN: Final = 4
"""Of words that others are corrected to."""
STEM_CHARS_MIN: Final = 4
_ENDINGS: Final = ("s", "er", "ers", "ing")
"""Of English: encoders know few words of other languages whole."""


class NoLanguage:
    """Nothing is known: while no encoder is there, and of languages that it does not know."""

    def has(self, word: str) -> bool:
        return False

    def derives(self, word: str) -> bool:
        return False

    def near(self, word: str) -> Sequence[Near]:
        return ()


class SpokenLanguage:
    """Made of the words that a tokenizer keeps whole. Thread-safe. Making it takes some 0.3 s for 20,000 words."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word for word in words if word.isalpha() and len(word) >= WORD_CHARS_MIN)
        self._vocabulary = Vocabulary()
        self._vocabulary.learn(word for word in self._words if len(word) >= SPOKEN_CHARS_MIN)

    def close(self) -> None:
        self._vocabulary.close()

    def has(self, word: str) -> bool:
        return word in self._words

    def derives(self, word: str) -> bool:
        stems = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
        return any(form in self._words for stem in stems if len(stem) >= STEM_CHARS_MIN for form in _forms(stem))

    def near(self, word: str) -> Sequence[Near]:
        return [Near(one, edit_cost(word, one)) for one in self._vocabulary.near(word)]


def _forms(stem: str) -> Iterable[str]:
    """A stem before an ending: mulch(ing), driv(e)(ing), plan(n)(er)."""
    yield stem
    yield stem + "e"
    if len(stem) > STEM_CHARS_MIN and stem[-1] == stem[-2]:
        yield stem[:-1]
