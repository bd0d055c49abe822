"""Looks for a query's words and encodes it side by side, and does both again where words were misspelt."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.spelling import Corrected
from serving.lexical import ByWords

T = TypeVar("T")


class Texts(NamedTuple):
    words: str
    meaning: str
    """Another one where a query is tried again without some of its words."""


class Searched(NamedTuple, Generic[T]):
    words: ByWords
    encoded: T
    corrected: Corrected | None
    """What these were made from instead of the query."""


async def search_words(
    texts: Texts,
    by_words: Callable[[str], Awaitable[ByWords]],
    correct: Callable[[str, ByWords], Corrected | None],
    by_corrected_words: Callable[[str], Awaitable[ByWords]],
    encode: Callable[[str], Coroutine[Any, Any, T]],
) -> Searched[T]:
    """Nothing is left running. A correct query waits for nothing more than without corrections; the encoding of a
    misspelt one is given up. A partition that does not answer in time again stays with what it found at first."""
    encoding = asyncio.create_task(encode(texts.meaning))
    try:
        words = await by_words(texts.words)
        corrected = correct(texts.words, words)
        if corrected is None:
            return Searched(words, await encoding, None)
    finally:
        if not encoding.done():
            encoding.cancel()
            await asyncio.wait([encoding])
    again, encoded = await asyncio.gather(by_corrected_words(corrected.text), encode(corrected.text))
    doubted = {partition: answer.doubts for partition, answer in words.answers.items()}
    found = {
        partition: answer.model_copy(update={"doubts": doubted.get(partition, [])})
        for partition, answer in {**words.answers, **again.answers}.items()
    }
    return Searched(replace(again, answers=found), encoded, corrected)
