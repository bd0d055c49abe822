"""The demo at work on a running shop: load, then a trickle of changes and clicks at the wished speed, until stopped."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import orjson

from freshet.demo.catalogue import Assortment
from freshet.demo.dice import Dice
from freshet.demo.loading import load, reset
from freshet.demo.sending import Sending, Stopped
from freshet.demo.shelf import Shelf
from freshet.demo.shoppers import Search, Shoppers
from freshet.demo.standing import Door, Standing, standing
from freshet.demo.trickle import Change, next_change, sold
from freshet.demo.turns import Turns
from freshet.demo.wishes import Wishes

CHANGES_PER_S = 2.0
"""At speed 1."""
STEPS_PER_S = 1.0
"""Of all shoppers together, at speed 1."""
TICK_S = 0.1
LOOK_AGAIN_S = 300.0
"""The shelf is read from the shop again so often: people edit the demo's products too."""
TOLD_EVERY_S = 60.0
Say = Callable[[str], None]


class Demo:
    """One run of the demo, with counts of what it did."""

    def __init__(
        self,
        assortment: Assortment,
        door: Door,
        wishes: Wishes,
        stop: asyncio.Event,
        clock: Callable[[], float],
        say: Say,
        *,
        stays: bool,
    ) -> None:
        """`stays`: at speed 0 it waits for another wish; else it ends there."""
        self.sending = Sending(door, stop, clock)
        self.changes: dict[str, int] = {}
        """How often, by what it was in words."""
        self._assortment = assortment
        self._wishes = wishes
        self._clock = clock
        self._say = say
        self._stays = stays

    async def run(self) -> None:
        """Raises Unavailable when the shop stays away. Ends cleanly when `stop` is set."""
        try:
            there = await load(self.sending, self._assortment.first, self._say)
            while True:
                if self._wishes.reset:
                    there = await reset(self.sending, self._assortment.first, self._say)
                    self._wishes.reset_done()
                if not self._wishes.speed and not self._stays:
                    return
                await self._trickle(there)
                await self.sending.drained()
                there = await self.sending.ask(lambda: standing(self.sending.door))
        except Stopped:
            return

    async def _trickle(self, there: Standing) -> None:
        """Returns after LOOK_AGAIN_S, when a reset is wished, or when it is to stand still and not to stay."""
        shelf, dice = Shelf(self._assortment, there.values()), Dice("trickle", seed := _digest(there))
        shoppers = Shoppers(Dice("shoppers", seed), seed)
        changes, steps = Turns(self._clock()), Turns(self._clock())
        until_s, told_s = self._clock() + LOOK_AGAIN_S, self._clock()
        while self._clock() < until_s and not self._wishes.reset:
            speed = self._wishes.speed
            if not speed and not self._stays:
                return
            await self._change(shelf, dice, changes.due(self._clock(), CHANGES_PER_S * speed))
            for _ in range(steps.due(self._clock(), STEPS_PER_S * speed)):
                await self._step(shelf, shoppers)
            if speed and self._clock() - told_s >= TOLD_EVERY_S:
                told_s = self._clock()
                self._say(self.words())
            await self.sending.sleep(TICK_S)

    async def _change(self, shelf: Shelf, dice: Dice, count: int) -> None:
        events = [self._taken(shelf, change) for _ in range(count) if (change := next_change(shelf, dice))]
        await self.sending.events(events)

    def _taken(self, shelf: Shelf, change: Change) -> dict[str, Any]:
        """Enters the change before the next one is decided: a product that is gone cannot be patched."""
        shelf.take(change.event)
        self.changes[change.what] = self.changes.get(change.what, 0) + 1
        return change.event

    async def _step(self, shelf: Shelf, shoppers: Shoppers) -> None:
        move = shoppers.next_move()
        if isinstance(move, Search):
            answer = await self._search(move.body())
            shoppers.found(move, answer["request_id"], answer["hits"])
            return
        await self.sending.click([move])
        change = sold(shelf, move["sku"], move["quantity"]) if move["type"] == "purchase" else None
        if change:
            await self.sending.events([self._taken(shelf, change)])

    async def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await self.sending.ask(lambda: self.sending.door.post("/v1/search", body))
        return answer

    def words(self) -> str:
        changes = sum(self.changes.values())
        refused = f", {self.sending.refused:,} refused" if self.sending.refused else ""
        return f"{changes:,} changes and {self.sending.clicks:,} clicks so far{refused}"


def _digest(there: Standing) -> str:
    """The seed: the same state of the shop goes on in the same way."""
    whole = orjson.dumps([there[sku] for sku in sorted(there)], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(whole, digest_size=6).hexdigest()
