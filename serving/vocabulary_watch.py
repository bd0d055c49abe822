"""Learns what the catalogue calls its things, again and again: a new brand is recognised within a minute."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from schemas.catalogue_values import CatalogueValues
from schemas.errors import FreshetError
from serving.understanding.catalogue import NO_VOCABULARY, Vocabulary, learned

LEARN_EVERY_S: Final = 60.0
ASK_EVERY_S: Final = 2.0
"""Until there is one it is asked for so often."""
TIMEOUT_S: Final = 5.0


class Telling(Protocol):
    @property
    def partitions(self) -> range: ...

    async def vocabulary(self, partition: int, timeout_s: float) -> CatalogueValues: ...


class VocabularyWatch:
    """`now` is whole and immutable; a partition that does not answer counts as it last did."""

    def __init__(self, shards: Telling, clock: Callable[[], float]) -> None:
        self._shards = shards
        self._clock = clock
        self._learned_s = -LEARN_EVERY_S
        self._answers: dict[int, CatalogueValues] = {}
        self.now: Vocabulary = NO_VOCABULARY
        self.version = 0
        """Another one whenever it has changed."""

    async def refresh(self) -> None:
        """Does nothing before LEARN_EVERY_S have passed. Raises Unavailable when no partition answers."""
        if self.now.by_words and self._clock() - self._learned_s < LEARN_EVERY_S:
            return
        partitions = self._shards.partitions
        asked = (self._shards.vocabulary(partition, TIMEOUT_S) for partition in partitions)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        failed = None
        for partition, answer in zip(partitions, answers, strict=True):
            if isinstance(answer, CatalogueValues):
                self._answers[partition] = answer
            elif isinstance(answer, FreshetError):
                failed = answer
            else:
                raise answer
        if failed is not None and not self._answers:
            raise failed
        self._learned_s = self._clock()
        now = await asyncio.to_thread(learned, list(self._answers.values()))
        self.version += now != self.now
        self.now = now
