"""Asks the shards for vectors of products: one replica after the other, and none for a while after all failed."""

from collections.abc import Callable

import aiohttp
from pydantic import ValidationError

from agents.sound_replicas import SoundReplicas
from schemas.errors import Unavailable
from schemas.shard_messages import VectorsAnswer, VectorsQuery

AWAY_S = 1.0
"""A partition without an answer is left alone for so long: each batch of clicks would wait for it."""


class ShardVectors:
    """An `Ask` of `streams.item_vectors`."""

    def __init__(self, sound: SoundReplicas, session: aiohttp.ClientSession, clock: Callable[[], float]) -> None:
        self._sound = sound
        self._session = session
        self._clock = clock
        self._away_until_s: dict[int, float] = {}

    async def ask(self, partition: int, skus: list[str], timeout_s: float) -> VectorsAnswer:
        """`timeout_s` for each replica. Raises Unavailable."""
        last = Unavailable(f"the shard of partition {partition} did not answer a moment ago")
        if self._clock() < self._away_until_s.get(partition, 0.0):
            raise last
        for address in self._sound.of(partition):
            try:
                return await self._one(address, VectorsQuery(partition=partition, skus=skus), timeout_s)
            except Unavailable as error:
                last = error
            except (aiohttp.ClientError, TimeoutError, OSError, ValidationError) as error:
                last = Unavailable(f"the shard of partition {partition} does not answer: {type(error).__name__}")
        self._away_until_s[partition] = self._clock() + AWAY_S
        raise last

    async def _one(self, address: str, query: VectorsQuery, timeout_s: float) -> VectorsAnswer:
        async with self._session.post(
            f"{address}/vectors",
            data=query.model_dump_json().encode(),
            headers={"Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            raise_for_status=True,
        ) as response:
            answer = VectorsAnswer.model_validate_json(await response.read())
        if not self._sound.may_answer(answer.state):
            raise Unavailable(f"replica {answer.state.replica} of partition {answer.state.partition} is taken out")
        return answer
