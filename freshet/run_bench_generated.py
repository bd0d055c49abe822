"""Fills an empty stack with generated products, for the benchmarks that need many."""

import asyncio
import os
import time
from typing import Any

from bench import generated_shop
from bench.shop import Shop
from encoders.build import ensure_bundle
from encoders.bundle import load, model_folder
from encoders.choose import choose_engine
from encoders.text_encoder import TextEncoder
from freshet.printing import logs_to_stderr, say
from freshet.target import Target
from schemas.errors import SettingsError, Unavailable
from schemas.settings import EmbedSettings, read
from streams.producer import Producer

LOST_S = 60.0
"""Without any more of them becoming searchable the shards will not show the rest either."""
ASK_EVERY_S = 0.5


def generate(rows: int, target: Target) -> None:
    """Until so many are searchable. They are left there, and a second call finds them.

    Raises SettingsError where the stack has other products: they would be searched too, and these could not be told
    from them.
    """
    logs_to_stderr()
    asyncio.run(_generate(rows, target))


async def _generate(rows: int, target: Target) -> None:
    async with Shop(target.url, target.key) as shop:
        there = await _found(shop)
        if there == rows:
            return
        if there:
            raise SettingsError(
                f"this stack has {there:,} products, not {rows:,} generated ones",
                hint="start an empty one for it: freshet up --data FOLDER --port PORT",
            )
        settings = read(EmbedSettings, os.environ)
        bundle = load(ensure_bundle(model_folder(settings.model, target.data)))
        encoder = TextEncoder(bundle, choose_engine(settings.engine, bundle, 1))
        producer = Producer(target.kafka, loop=asyncio.get_running_loop(), linger_ms=5)
        try:
            await generated_shop.write(producer, target.generation, rows, encoder.id, encoder.encode_texts, say)
        finally:
            await producer.close()
        await _searchable(shop, rows)


async def _searchable(shop: Shop, rows: int) -> None:
    found, changed_s = 0, time.monotonic()
    while found < rows:
        await asyncio.sleep(ASK_EVERY_S)
        now = await _found(shop)
        if now != found:
            found, changed_s = now, time.monotonic()
        elif time.monotonic() - changed_s > LOST_S:
            raise Unavailable(f"{found:,} of {rows:,} generated products are searchable, and no more come")
    say(f"{found:,} generated products are searchable")


async def _found(shop: Shop) -> int:
    answer: dict[str, Any]
    status, answer = await shop.search({"text": "", "limit": 1})
    return int(answer["found"]) if status == 200 else 0
