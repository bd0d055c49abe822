"""Replicas tell in Redis which state they hold; the query tier reads it to prefer the fresh one. Only a hint."""

import time

import orjson
from redis.exceptions import RedisError

from schemas.hits import ShardState
from streams.redis_client import connect

TIMEOUT_S = 0.05
BREAK_S = 2.0
"""After a failure Redis is left alone for so long."""
TTL_S = 10
KEY = "freshet:replica:{partition}:{replica}"


class ReplicaHints:
    """Never raises and never waits longer than a few TIMEOUT_S: without Redis there is just no hint."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url, TIMEOUT_S)
        self._broken_until_s = 0.0
        self.up = False

    async def announce(self, states: list[ShardState]) -> None:
        """Keeps each state for TTL_S seconds."""
        if time.monotonic() < self._broken_until_s:
            return
        try:
            pipe = self._redis.pipeline(transaction=False)
            for state in states:
                key = KEY.format(partition=state.partition, replica=state.replica)
                pipe.set(key, orjson.dumps(state.model_dump()), ex=TTL_S)
            await pipe.execute()
            self.up = True
        except (TimeoutError, RedisError, OSError):
            self._break()

    async def read(self) -> dict[tuple[int, int], ShardState]:
        """What the replicas said last, by (partition, replica); empty when Redis is away."""
        if time.monotonic() < self._broken_until_s:
            return {}
        try:
            keys = [
                key async for key in self._redis.scan_iter(match=KEY.format(partition="*", replica="*"), count=1000)
            ]
            values = await self._redis.mget(keys) if keys else []
            self.up = True
            states = [ShardState.model_validate(orjson.loads(value)) for value in values if value]
            return {(state.partition, state.replica): state for state in states}
        except (TimeoutError, RedisError, OSError, ValueError):
            self._break()
            return {}

    def _break(self) -> None:
        self.up = False
        self._broken_until_s = time.monotonic() + BREAK_S

    async def close(self) -> None:
        await self._redis.aclose()
