"""Popularity in Redis: one value per partition of `clicks`, written whole, so that counts and place are never apart."""

from typing import Final

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from redis.exceptions import RedisError

from schemas.errors import Unavailable
from streams.popularity import Tally
from streams.redis_client import connect

TIMEOUT_S: Final = 1.0
"""Nobody waits for it."""


class _Kept(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    log: int
    offset: int
    at_ms: int
    landmark_ms: int
    counts: dict[str, float]


class RedisPopularity:
    """See `PopularityStore`."""

    def __init__(self, url: str, generation: int, timeout_s: float = TIMEOUT_S) -> None:
        self._redis = connect(url, timeout_s)
        self._generation = generation

    async def put(self, partition: int, tally: Tally) -> None:
        try:
            await self._redis.set(self._key(partition), orjson.dumps(tally._asdict()))
        except (RedisError, TimeoutError, OSError) as error:
            raise _away(error) from error

    async def read(self, partition: int) -> Tally | None:
        try:
            raw = await self._redis.get(self._key(partition))
        except (RedisError, TimeoutError, OSError) as error:
            raise _away(error) from error
        try:
            return Tally(**_Kept.model_validate_json(raw).model_dump()) if isinstance(raw, bytes) else None
        except ValidationError:
            return None  # written by somebody else: it is counted again from the log

    async def close(self) -> None:
        await self._redis.aclose()

    def _key(self, partition: int) -> str:
        return f"freshet:{self._generation}:popularity:{partition}"


def _away(error: Exception) -> Unavailable:
    return Unavailable(f"Redis does not keep popularity: {type(error).__name__}", hint="see: freshet status")
