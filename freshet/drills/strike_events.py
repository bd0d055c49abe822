"""Faults that a merchant's systems commit: records that are no events, and one product that changes all the time."""

import asyncio
import time
from typing import Final

from freshet.drills.poison import POISON
from freshet.drills.stage import Stage
from schemas.topics import topic_name
from streams.producer import Producer

HOT: Final = "hot-product"
UPDATES_PER_S: Final = 1_000
UPDATES_AT_ONCE: Final = 250


def poison(stage: Stage, process: str, lasts_s: float) -> None:
    """Past the HTTP door, which would refuse them, straight into the log; returns when Kafka has them."""
    asyncio.run(_send(stage.up.state().kafka, topic_name("catalog", stage.up.state().generation)))


async def _send(kafka: str, topic: str) -> None:
    producer = Producer(kafka, loop=asyncio.get_running_loop())
    try:
        for one in POISON:
            await producer.send(topic, one.key, one.value, None if one.partition < 0 else one.partition)
    finally:
        await producer.close()


def hot_product(stage: Stage, process: str, lasts_s: float) -> None:
    """As quickly as they are acknowledged, where that is slower."""
    stage.merchant.send([{"type": "upsert", "sku": HOT, "title": "Hot lamp"}])
    begun_s, number = time.monotonic(), 0
    while (now_s := time.monotonic() - begun_s) < lasts_s:
        time.sleep(max(0.0, number / UPDATES_PER_S - now_s))
        stage.merchant.send([_price(which) for which in range(number, number + UPDATES_AT_ONCE)])
        number += UPDATES_AT_ONCE


def _price(number: int) -> dict[str, object]:
    return {"type": "patch", "sku": HOT, "price": {"amount": float(number % 97), "currency": "EUR"}, "stock": number}
