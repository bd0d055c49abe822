"""The promises of `streams.popularity.PopularityStore`, for Redis and for the one in memory."""

from collections.abc import AsyncIterator

import pytest

from schemas.errors import Unavailable
from streams.memory_popularity import MemoryPopularity
from streams.popularity import PopularityStore, Tally
from streams.redis_client import connect
from streams.redis_popularity import RedisPopularity

TALLY = Tally(4_000_000_000, 12, 1_795_260_885_909, 1_794_000_000_000, {"a ü": 0.1, "b": 1e9})


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[PopularityStore]:
    if request.param == "memory":
        yield MemoryPopularity()
    else:
        kept = RedisPopularity(request.getfixturevalue("redis_url"), 1, timeout_s=5.0)
        yield kept
        await kept.close()


async def test_what_is_put_is_read_and_partitions_are_apart(store: PopularityStore) -> None:
    assert await store.read(1) is None
    await store.put(1, TALLY)
    await store.put(2, TALLY._replace(counts={}))
    assert await store.read(1) == TALLY
    assert await store.read(2) == TALLY._replace(counts={})


@pytest.mark.parametrize("value", [b"\x80", b"[]", b'{"log": 1}'])
async def test_what_somebody_else_wrote_is_nothing(redis_url: str, value: bytes) -> None:
    other = connect(redis_url, 5.0)
    await other.set("freshet:3:popularity:0", value)
    store = RedisPopularity(redis_url, 3, timeout_s=5.0)
    assert await store.read(0) is None
    await other.aclose()
    await store.close()


async def test_a_redis_that_is_away_is_said_to_be() -> None:
    store = RedisPopularity("redis://127.0.0.1:1/0", 1, timeout_s=0.2)
    for call in (store.read(0), store.put(0, TALLY)):
        with pytest.raises(Unavailable):
            await call
    await store.close()
