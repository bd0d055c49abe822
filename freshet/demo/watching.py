"""Tells how many of the demo's products are searchable, while they are loaded by this process or another."""

import asyncio
from collections.abc import Callable

from freshet.demo.catalogue import PRODUCTS
from freshet.demo.standing import Door, count
from freshet.demo.trickle import GONE_MAX
from freshet.progress import Step
from schemas.errors import Unavailable

LOOK_S = 0.5
STALL_S_MAX = 120.0
ENOUGH = PRODUCTS - GONE_MAX
"""The trickle takes some out of the range now and then."""


async def watch(door: Door, show: Callable[[Step, float], None], clock: Callable[[], float]) -> int | None:
    """Returns the number once the shop shows the catalogue; None when it has not grown for STALL_S_MAX."""
    begun_s = grown_s = clock()
    first = seen = None
    while clock() - grown_s < STALL_S_MAX:
        try:
            found = await count(door)
        except Unavailable:
            found = seen or 0
        if seen is None or found > seen:
            grown_s = clock()
        seen, first = found, found if first is None else first
        if found >= ENOUGH:
            return found
        per_s = (found - first) / max(0.001, clock() - begun_s)
        eta_s = (ENOUGH - found) / per_s if per_s > 0 else None
        show(Step("searchable", found, found / PRODUCTS, per_s, eta_s, 0), clock())
        await asyncio.sleep(LOOK_S)
    return None


async def others(door: Door) -> int:
    """How many products of the shop are not the demo's."""
    everything = await door.post("/v1/search", {"limit": 1})
    return max(0, int(everything["found"]) - await count(door))
