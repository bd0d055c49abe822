"""Words of a language: what is one of them is no mistake, only not in the catalogue, and what is near may be meant."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from index_snapshots.vocabulary import WORD_CHARS_MIN, Vocabulary
from schemas.edits import edit_cost
from serving.spelling.choose import UNKNOWN, UNTOLD, Near
from serving.spelling.english import English

SPOKEN_CHARS_MIN: Final = 4
"""Of words that others are corrected to."""
NEAR_KEPT_MAX: Final = 4_096
"""Words that were looked up take 2 to 4 ms, and one search asks for each several times."""


class NoLanguage:
    """Nothing is known: while no encoder is there, and of languages that it does not know."""

    knows = False

    def has(self, word: str) -> bool:
        return False

    def likely(self, word: str) -> float:
        return UNTOLD

    def near(self, word: str) -> Sequence[Near]:
        return ()


class SpokenLanguage:
    """English: a list of its words, and those that the encoder's tokenizer keeps whole. Thread-safe. Making it takes
    some 0.3 s."""

    knows = True

    def __init__(self, words: Iterable[str]) -> None:
        self._english = English(word for word in words if len(word) >= WORD_CHARS_MIN)
        self._vocabulary = Vocabulary()
        self._vocabulary.learn(word for word in self._english.frequent if len(word) >= SPOKEN_CHARS_MIN)
        self._kept = lru_cache(NEAR_KEPT_MAX)(self._near)

    def close(self) -> None:
        self._vocabulary.close()

    def has(self, word: str) -> bool:
        return self._english.zipf(word) is not None

    def likely(self, word: str) -> float:
        zipf = self._english.zipf(word)
        return UNKNOWN if zipf is None else zipf

    def near(self, word: str) -> Sequence[Near]:
        """Of its frequent words."""
        return self._kept(word)

    def _near(self, word: str) -> tuple[Near, ...]:
        return tuple(Near(one, edit_cost(word, one)) for one in self._vocabulary.near(word))
