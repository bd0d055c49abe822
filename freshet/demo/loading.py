"""Brings the demo's products into the shop, and back to their first state."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from freshet.demo.catalogue import Product
from freshet.demo.sending import Sending
from freshet.demo.standing import Standing, standing
from schemas.errors import Unavailable

FIRST_BATCH = 30
"""One product of each category first: the page has something to show at once."""
BATCH = 50
ROUNDS_MAX = 20
ROUND_S = 1.0
Say = Callable[[str], None]


async def load(sending: Sending, wanted: Mapping[str, Product], say: Say) -> Standing:
    """Sends what is missing, and nothing else; returns what will stand in the shop when all of it has arrived."""
    await sending.drained()
    there = await sending.ask(lambda: standing(sending.door))
    missing = [product for sku, product in wanted.items() if sku not in there]
    if missing:
        say(f"loading {len(missing):,} of {len(wanted):,} products")
        await _send(sending, missing)
    return {**wanted, **there}


async def reset(sending: Sending, wanted: Mapping[str, Product], say: Say) -> Standing:
    """The first state: changed products as they were, deleted ones back, added ones gone. Only SKUs of the demo.

    Looks again until the shop shows it. Raises Unavailable when it does not after ROUNDS_MAX looks with nothing queued.
    """
    changed: set[str] = set()
    for _ in range(ROUNDS_MAX):
        await sending.drained()
        repairs = repairs_of(await sending.ask(lambda: standing(sending.door)), wanted)
        if not repairs:
            say(f"reset: {len(changed):,} products put back, all {len(wanted):,} as they were at first")
            return dict(wanted)
        changed |= {event["sku"] for event in repairs}
        await _send(sending, repairs)
        await sending.sleep(ROUND_S)
    raise Unavailable(
        f"{len(repairs)} products are not back, {repairs[0]['sku']} for one", hint="freshet dlq ls says why"
    )


def repairs_of(there: Standing, wanted: Mapping[str, Product]) -> list[dict[str, Any]]:
    """The events that turn what is there into what is wanted."""
    gone = [{"type": "delete", "sku": sku} for sku in there if sku not in wanted]
    return gone + [dict(product) for sku, product in wanted.items() if there.get(sku) != product]


async def _send(sending: Sending, events: Sequence[Mapping[str, Any]]) -> None:
    size, at = FIRST_BATCH, 0
    while at < len(events):
        await sending.room()
        await sending.events(events[at : at + size])
        at, size = at + size, BATCH
