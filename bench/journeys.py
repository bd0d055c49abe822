"""How long after its acknowledgement a product's journey tells of a change, and when it tells that it is shown."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from bench.latency import summary
from bench.shop import Place, Shop

JOURNEYS_MAX: Final = 20
"""Products looked at, one after the other: a journey reads the log, and is not asked by shoppers."""


async def measure_journeys(
    shop: Shop, products: Sequence[dict[str, Any]], poll_ms: float, timeout_s: float
) -> dict[str, Any]:
    """Times in ms: `told` and `shown` from the acknowledgement of a new title, `answer` of each journey."""
    told: list[float] = []
    shown: list[float] = []
    answers: list[float] = []
    timeouts = 0
    clock = asyncio.get_running_loop().time
    for product in products[:JOURNEYS_MAX]:
        place = await shop.patch(product["sku"], {"title": f"{product['title']} again"})
        acknowledged_s, named = clock(), False
        while clock() < acknowledged_s + timeout_s:
            begun_s = clock()
            journey = await shop.journey(product["sku"])
            answers.append((clock() - begun_s) * 1000)
            if names(journey, place) and not named:
                named = True
                told.append((clock() - acknowledged_s) * 1000)
            if is_shown(journey, place):
                shown.append((clock() - acknowledged_s) * 1000)
                break
            await asyncio.sleep(max(0.0, begun_s + poll_ms / 1000 - clock()))
        else:
            timeouts += 1
    return {"told": summary(told), "shown": summary(shown), "answer": summary(answers), "timeouts": timeouts}


def names(journey: dict[str, Any], place: Place) -> bool:
    """Whether it tells of this event, or of a newer one."""
    return any(_place(event["id"]) >= place for event in journey.get("events", []))


def is_shown(journey: dict[str, Any], place: Place) -> bool:
    return names(journey, place) and journey["now"] == "shown" and journey["stuck"] is None


def _place(event_id: str) -> Place:
    generation, _, offset = event_id.split("-")
    return int(generation), int(offset)
