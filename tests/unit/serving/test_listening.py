"""Who is to take over waits until searches can be answered in full."""

import asyncio

import pytest

from schemas.errors import Unavailable
from serving.listening import until_ready
from tests.unit.serving.fakes import FakeShard, Tier


async def test_it_is_ready_with_its_shards_and_its_encoder_and_says_what_is_missing() -> None:
    async with Tier() as tier:
        assert await until_ready(tier.wiring, asyncio.Event(), limit_s=30)
    async with Tier([[FakeShard(ready=False)]]) as tier:
        with pytest.raises(Unavailable, match="waits for shard-0"):
            await until_ready(tier.wiring, asyncio.Event(), limit_s=0)
        stop = asyncio.Event()
        stop.set()
        assert not await until_ready(tier.wiring, stop)
