"""Words of a language: what is one of them is no mistake, only not in the catalogue, and what is near may be meant."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from index_snapshots.vocabulary import WORD_CHARS_MIN, Vocabulary
from schemas.edits import edit_cost
from serving.spelling.choose import UNKNOWN, UNTOLD, Near
from serving.spelling.english import English
from serving.spelling.sounds import BY_EAR, SOUND_CHARS_MIN, sound

SPOKEN_CHARS_MIN: Final = 4
"""Of words that others are corrected to."""
HEARD_CHARS_MIN: Final = 5
"""Of words that are looked for by their sound."""
HEARD_MAX: Final = 24
"""Words that sound like one, the most frequent."""
HEARD_COST_MAX: Final = 3.5
"""See `schemas.edits.edit_cost`."""
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
    some 0.5 s."""

    knows = True

    def __init__(self, words: Iterable[str]) -> None:
        self._english = English(word for word in words if len(word) >= WORD_CHARS_MIN)
        self._vocabulary = Vocabulary()
        frequent = [word for word in self._english.frequent if len(word) >= SPOKEN_CHARS_MIN]
        self._vocabulary.learn(frequent)
        self._by_sound = by_sound(frequent)
        self._kept = lru_cache(NEAR_KEPT_MAX)(self._near)

    def close(self) -> None:
        self._vocabulary.close()

    def has(self, word: str) -> bool:
        return self._english.zipf(word) is not None

    def likely(self, word: str) -> float:
        zipf = self._english.zipf(word)
        return UNKNOWN if zipf is None else zipf

    def near(self, word: str) -> Sequence[Near]:
        """Of its frequent words those spelt nearly so, and those that sound alike, however many letters are others."""
        return self._kept(word)

    def _near(self, word: str) -> tuple[Near, ...]:
        alike = self._by_sound.get(sound(word), "").split()
        heard = alike[:HEARD_MAX] if len(word) >= HEARD_CHARS_MIN else []
        near = self._vocabulary.near(word)
        costs = {one: edit_cost(word, one) for one in dict.fromkeys((*near, *heard))}
        far = {one for one in set(heard) - set(near) if costs[one] > HEARD_COST_MAX}
        by_ear = dict.fromkeys(alike, BY_EAR)
        return tuple(Near(one, cost * by_ear.get(one, 1.0)) for one, cost in costs.items() if one not in far)


def by_sound(words: Iterable[str]) -> dict[str, str]:
    """Those that sound alike, in their order, in one text: lists would take twice the memory."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in words:
        found[sound(word)].append(word)
    return {heard: " ".join(alike) for heard, alike in found.items() if len(heard) >= SOUND_CHARS_MIN}
