"""What the query tier knows of spelling: the words of the encoder's language beside those that the shards tell of."""

from collections.abc import Collection
from typing import Final

from schemas.spelling import Corrected, DidYouMean, Sense
from serving.lexical import ByWords
from serving.spelling.choose import Language
from serving.spelling.context import NO_CONTEXT, Context
from serving.spelling.correct import correct, offers, put_right, unfinished
from serving.spelling.language import NoLanguage, SpokenLanguage
from serving.spelling.looking_around import context_of
from serving.spelling.meaning import Encoding
from serving.spelling.senses import senses

ENCODER_LANGUAGE: Final = "en"
"""Of other languages the encoders know few words whole: what they do not know is no mistake."""


class Spelling:
    """Knows no language until it is given the words of one."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._spoken: SpokenLanguage | None = None

    def give(self, words: Collection[str]) -> None:
        """From now on these are words. Blocking, some 0.5 s."""
        self._spoken = SpokenLanguage(words)

    def close(self) -> None:
        if self._spoken is not None:
            self._spoken.close()

    async def context(self, text: str, words: ByWords, language: str, timeout_s: float, *, typing: bool) -> Context:
        """How the words that may be meant go with the rest of `text`; at once where nothing is in doubt."""
        doubts, known = words.doubts, self._of(language)
        if not doubts or not known.knows:
            return NO_CONTEXT
        return await context_of(text, doubts, known, unfinished(text, typing=typing), self._encoding, timeout_s)

    def corrected(
        self, text: str, words: ByWords, language: str, context: Context, *, typing: bool
    ) -> Corrected | None:
        """What to search instead of `text`, by what the shards said of its words; None: nothing is misspelt."""
        doubts = words.doubts
        if not doubts:
            return None
        better = correct(text, doubts, self._of(language), context, typing=typing)
        return Corrected(text=put_right(text, better), original=text, words=better) if better else None

    def senses(self, text: str, words: ByWords, language: str, context: Context, *, typing: bool) -> list[Sense]:
        """All that `text` may mean, by what the shards said of its words, the likeliest first; empty: one thing."""
        doubts = words.doubts
        leave = unfinished(text, typing=typing)
        return senses(text, doubts, self._of(language), leave, context) if doubts else []

    def offered(self, text: str, words: ByWords, language: str, *, typing: bool) -> DidYouMean | None:
        """What else may be meant by `text`, as it was searched: words that products hold, or the language, but that
        are rare beside others that are spelt like them."""
        doubts = words.doubts
        if not doubts:
            return None
        other = offers(text, doubts, self._of(language), typing=typing)
        return DidYouMean(text=put_right(text, other), words=other) if other else None

    def _of(self, language: str) -> Language:
        return self._spoken if self._spoken is not None and language == ENCODER_LANGUAGE else NoLanguage()
