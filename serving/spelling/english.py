"""How frequent English words are: what is one of them is no mistake, and the more frequent is likelier meant."""

import gzip
from collections.abc import Iterable
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Final

import numpy as np

FREQUENT_ZIPF: Final = 2.6
"""Misspelt words are put right to words that stand so often in texts: 0.4 times in a million words."""
PLAIN_ZIPF: Final = 3.2
"""Of words that the encoder knows whole and the list does not: aluminum, gray."""
KEPT_MAX: Final = 16_384
"""Words asked for lately: a doubtful query asks for the same candidates several times. Looking them up took a sixth of
the tier's time in a rush."""
_LIST: Final = "english.txt.gz"


class English:
    """A list of 83,000 words (`ENGLISH.md`), and further ones. Thread-safe. 2.5 MB, and 2 MB of words asked for lately;
    making it takes 0.1 s."""

    def __init__(self, others: Iterable[str] = ()) -> None:
        listed = _listed()
        every = {word: PLAIN_ZIPF for word in others if word.isascii() and word.isalpha()} | listed
        ordered = sorted(word.encode() for word in every)
        self._words = np.array(ordered, dtype=np.bytes_)
        self._zipf = np.array([every[word.decode()] for word in ordered], np.float16)
        self._kept = lru_cache(KEPT_MAX)(self._looked_up)

    def zipf(self, word: str) -> float | None:
        """log10 of its uses per billion words; None: it is no word."""
        return self._kept(word)

    def _looked_up(self, word: str) -> float | None:
        sought = word.encode()
        if not word.isascii() or len(sought) > self._words.itemsize:
            return None
        at = int(np.searchsorted(self._words, np.bytes_(sought)))
        return float(self._zipf[at]) if at < len(self._words) and self._words[at] == sought else None

    @cached_property
    def frequent(self) -> list[str]:
        """The most frequent first."""
        order = np.argsort(-self._zipf.astype(np.float64), kind="stable")
        return [self._words[at].decode() for at in order if self._zipf[at] >= FREQUENT_ZIPF]


def _listed() -> dict[str, float]:
    text = gzip.decompress(files(__package__).joinpath(_LIST).read_bytes()).decode()
    lines = (line.split() for line in text.splitlines())
    return {word: float(zipf) for zipf, *words in lines for word in words}
