"""The demo on a real shop: a slice of it loads, trickles, is reset, and a merchant's own product is never touched."""

import asyncio
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from freshet.demo.catalogue import Assortment, assortment
from freshet.demo.running import Demo
from freshet.demo.standing import standing
from freshet.demo.watching import others
from freshet.demo.wishes import SPEED_MAX, Wishes
from freshet.http_door import HttpDoor
from tests.system.conftest import Stack, http
from tests.waiting import LIMIT_S, wait_until

SLICE = Assortment(dict(itertools.islice(assortment().first.items(), 60)), dict(assortment().addable))
MINE = {"type": "upsert", "sku": "mine-1", "title": "My own lamp", "stock": 3}
CHANGES = 30


async def worked(demo: Demo, stop: asyncio.Event, holds: Callable[[], Any]) -> None:
    """Lets the demo work until something holds, then stops it."""
    work = asyncio.create_task(demo.run())
    async with asyncio.timeout(LIMIT_S):
        while not holds() and not work.done():
            await asyncio.sleep(0.05)
    stop.set()
    await work


async def on(door: HttpDoor, wishes: Wishes, holds: Callable[[Demo], Any]) -> Demo:
    stop = asyncio.Event()
    demo = Demo(SLICE, door, wishes, stop, time.monotonic, lambda line: None, stays=False)
    await worked(demo, stop, lambda: holds(demo))
    return demo


async def test_it_loads_trickles_and_is_reset(stack: Stack, tmp_path: Path) -> None:
    stack.start_all()
    assert http("POST", stack.url("serving", "/v1/catalog"), MINE)[0] == 202
    wait_until(lambda: mine(stack), LIMIT_S, "the merchant's product is searchable")
    before, wishes = mine(stack), Wishes(tmp_path / "demo")
    async with HttpDoor(stack.url("serving", "").rstrip("/")) as door:
        wishes.set_speed(SPEED_MAX)
        moved = await on(door, wishes, lambda demo: sum(demo.changes.values()) > CHANGES and demo.sending.clicks > 10)
        assert moved.sending.refused == 0
        assert await standing(door) != SLICE.first

        wishes.set_speed(0)
        wishes.ask_reset()
        await on(door, wishes, lambda demo: False)
        assert await standing(door) == SLICE.first
        assert await others(door) == 1

        again = await on(door, wishes, lambda demo: False)
        assert again.sending.sent == 0
    assert mine(stack) == before
    assert stack.dead_letters() == {}
    assert len(stack.values("clicks")) == moved.sending.clicks


def mine(stack: Stack) -> Any:
    status, answer = http("GET", stack.url("serving", "/v1/skus/mine-1"))
    return answer["hit"] if status == 200 else None
