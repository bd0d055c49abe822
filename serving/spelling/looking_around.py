"""Asks the encoder how near the likeliest candidates of doubtful words are to the rest of a query."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.errors import FreshetError
from schemas.spelling import Doubt
from serving.query_vectors import values_of
from serving.spelling.choose import Language, likelihoods
from serving.spelling.context import NO_CONTEXT, Context, rest
from serving.spelling.meaning import Encoding

LOOKED_AT_MAX: Final = 8
"""Candidates of one word."""
LIKELY_MIN: Final = -5.0
"""Log-odds without the rest of the query; no rest speaks for a word that is less likely."""
WORDS_MAX: Final = 24
"""Of a query, what was typed included: each is encoded, 1 to 2 ms, unless it was lately."""
BESIDE_MAX: Final = 8
"""Single words of the rest that are encoded."""
BESIDE_CHARS_MIN: Final = 3
"""Of each."""
WHOLE: Final = 2 / 3
"""What the rest as a whole counts; that word of it counts the other third which is nearest: of a long query most words
say nothing about the one in doubt (docs/adr/0030)."""

Leave = Callable[[Doubt, str], bool]


async def context_of(
    text: str, doubts: Sequence[Doubt], language: Language, leave: Leave, encoding: Encoding, timeout_s: float
) -> Context:
    """All in one batch. Where the encoder is late or away nothing is known."""
    beside, words = asked(text, doubts, language, leave)
    if not words:
        return NO_CONTEXT
    single = [one for one in beside.split() if len(one) >= BESIDE_CHARS_MIN][:BESIDE_MAX] or [beside]
    texts = [*dict.fromkeys((beside, *single, *words))]
    found = await asyncio.gather(*(encoding.of(one, timeout_s) for one in texts), return_exceptions=True)
    vectors = [values_of(one) for one in found if not isinstance(one, BaseException)]
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, TimeoutError | FreshetError):
            raise one
    if len(vectors) < len(found):
        return NO_CONTEXT
    known = dict(zip(texts, vectors, strict=True))
    return Context({word: _near(known[word], known[beside], [known[one] for one in single]) for word in words})


def _near(word: NDArray[np.float64], whole: NDArray[np.float64], single: Sequence[NDArray[np.float64]]) -> float:
    nearest = max(float(one @ word) for one in single)
    return WHOLE * float(whole @ word) + (1 - WHOLE) * nearest


def asked(text: str, doubts: Sequence[Doubt], language: Language, leave: Leave) -> tuple[str, list[str]]:
    """The rest of the query, and the words that are held against it; none where there is no rest or nothing may be
    meant instead. `leave`: whether a doubtful word is no mistake but not finished. Pure."""
    beside = rest(text, [doubt for doubt in doubts if not doubt.holding])
    if not beside:
        return "", []
    words: dict[str, None] = {}
    for doubt in doubts:
        every = likelihoods(doubt, language)
        likely = [one for one in every if one[0] >= LIKELY_MIN and not leave(doubt, one[1])]
        likely = sorted(likely, key=lambda one: (-one[0], one[1]))[:LOOKED_AT_MAX]
        if likely and len(words) + 1 + len(likely) <= WORDS_MAX:
            words |= dict.fromkeys([doubt.word, *(instead for _, instead in likely)])
    return beside, [*words]
