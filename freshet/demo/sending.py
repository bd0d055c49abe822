"""Sends the demo's events and clicks as any shop would: obeys 429 and 503, repeats what Kafka did not take."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from freshet.demo.standing import Door
from freshet.imports.settling import Drained, queued_events
from schemas.errors import Overloaded, Unavailable

GIVE_UP_S = 60.0
"""A shop that takes nothing for so long ends the demo (and its supervisor starts it again)."""
RETRY_S = 0.5
NOT_TAKEN = "not_taken"
QUEUED_MAX = 100
"""Loading waits while more events than this are on their way: a live change has to wait behind them."""
LOOK_S = 0.1
DRAINED_S = 30.0
"""Somebody else may be importing: then what is shown is a little old, which does no harm."""


class Stopped(Exception):
    """The demo was asked to stop while it waited."""


class Sending:
    """One door, the stop that interrupts every wait, and counts."""

    def __init__(self, door: Door, stop: asyncio.Event, clock: Callable[[], float]) -> None:
        self.door = door
        self.clock = clock
        self._stop = stop
        self.sent = 0
        """Catalogue events that Kafka has."""
        self.clicks = 0
        self.refused = 0
        """Lines that the shop said no to: only a shop of another version does."""
        self.put_off = 0
        """Requests that were repeated: 429, 503, or nobody answered."""

    async def events(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Raises Unavailable after GIVE_UP_S, Stopped when asked to stop meanwhile."""
        self.sent += await self._lines("/v1/catalog", events)

    async def click(self, clicks: Sequence[Mapping[str, Any]]) -> None:
        self.clicks += await self._lines("/v1/clicks", clicks)

    async def _lines(self, path: str, items: Sequence[Mapping[str, Any]]) -> int:
        """How many were taken; the rest was refused for good."""
        waiting, taken = [orjson.dumps(item) for item in items], 0
        since_s = self.clock()
        while waiting:
            answer = await self.ask(lambda lines=waiting: self.door.post_lines(path, lines))  # type: ignore[misc]
            taken += sum("event_id" in said and said["event_id"] is not None for said in answer["events"])
            again = [said["line"] for said in answer["events"] if (said.get("error") or {}).get("code") == NOT_TAKEN]
            self.refused += sum(bool(said.get("error")) for said in answer["events"]) - len(again)
            waiting = [waiting[line - 1] for line in again]
            if waiting:
                self.put_off += 1
                if self.clock() - since_s > GIVE_UP_S:
                    raise Unavailable(f"Kafka has not taken {len(waiting)} events for {GIVE_UP_S:.0f} s")
                await self.sleep(RETRY_S)
        return taken

    async def ask(self, call: Callable[[], Any]) -> Any:
        """Awaits `call()`, again while the shop is away or overloaded. Raises the last error after GIVE_UP_S."""
        since_s = self.clock()
        while True:
            try:
                return await call()
            except Unavailable as error:
                if self.clock() - since_s > GIVE_UP_S:
                    raise
                self.put_off += 1
                await self.sleep(error.retry_after_s if isinstance(error, Overloaded) else RETRY_S)

    async def room(self) -> None:
        """Returns when few events are on their way through the shop."""
        while queued_events(await self.ask(lambda: self.door.get("/v1/freshness"))) > QUEUED_MAX:
            await self.sleep(LOOK_S)

    async def drained(self) -> None:
        """Waits until what was sent before has arrived, so that the shop shows it; at most DRAINED_S."""
        since_s = self.clock()
        drained = Drained(since_s)
        while self.clock() - since_s < DRAINED_S:
            freshness = await self.ask(lambda: self.door.get("/v1/freshness"))
            if drained.observe(self.clock(), freshness):
                return
            await self.sleep(LOOK_S)

    async def sleep(self, seconds: float) -> None:
        """Raises Stopped when asked to stop before or meanwhile."""
        try:
            await asyncio.wait_for(self._stop.wait(), max(0.0, seconds))
        except TimeoutError:
            return
        raise Stopped
