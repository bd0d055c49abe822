"""Looks for a query's words and encodes it side by side, and does both again where words were misspelt."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.spelling import Corrected, Sense
from serving.lexical import ByWords

T = TypeVar("T")


class Texts(NamedTuple):
    words: str
    meaning: str
    """Another one where a query is tried again without some of its words."""


class Meant(NamedTuple):
    """What a query is, by what the shards say of its words."""

    corrected: Corrected | None = None
    senses: Sequence[Sense] = ()
    """All that its meaning is made of; empty: one thing."""


class Searched(NamedTuple, Generic[T]):
    words: ByWords
    encoded: T
    meant: Meant = Meant()
    """What these were made from instead of the query."""


async def search_words(
    texts: Texts,
    by_words: Callable[[str], Awaitable[ByWords]],
    meant_by: Callable[[Texts, ByWords], Awaitable[Meant]],
    by_corrected_words: Callable[[str], Awaitable[ByWords]],
    encode: Callable[[Sequence[Sense]], Coroutine[Any, Any, T]],
) -> Searched[T]:
    """Nothing is left running. A correct query waits for nothing more than without corrections; the encoding of a
    misspelt one is given up. A partition that does not answer in time again stays with what it found at first."""
    encoding = asyncio.create_task(encode(_one(texts.meaning)))
    try:
        words = await by_words(texts.words)
        meant = await meant_by(texts, words)
        corrected = meant.corrected
        if corrected is None and not meant.senses:
            return Searched(words, await encoding)
    finally:
        if not encoding.done():
            encoding.cancel()
            await asyncio.wait([encoding])
    if corrected is None:
        return Searched(words, await encode(meant.senses), meant)
    means = meant.senses or _one(corrected.text)
    again, encoded = await asyncio.gather(by_corrected_words(corrected.text), encode(means))
    doubted = {partition: answer.doubts for partition, answer in words.answers.items()}
    found = {
        partition: answer.model_copy(update={"doubts": doubted.get(partition, [])})
        for partition, answer in {**words.answers, **again.answers}.items()
    }
    return Searched(replace(again, answers=found), encoded, meant)


def _one(text: str) -> list[Sense]:
    return [Sense(text=text, weight=1.0)]
