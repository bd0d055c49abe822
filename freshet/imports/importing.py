"""Sends a file of products to the catalogue: streamed, a few requests in flight, as fast as the shop stays fresh."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from freshet.imports.ledger import Ledger, Sample
from freshet.imports.pacing import Pace
from freshet.imports.plan import ImportPlan, Tally
from freshet.imports.product_lines import Ready, Refused, original_of
from freshet.imports.row_feed import RowFeed
from freshet.imports.settling import queued_events
from freshet.progress import Show, Step
from schemas.errors import Overloaded, Unavailable
from schemas.limits import EVENTS_PER_REQUEST_MAX
from schemas.records import EventId

REQUESTS_IN_FLIGHT_MAX = 4
BATCH_BYTES_MAX = 4_000_000
LOOK_EVERY_S = 1.0
"""How often the lags are asked for."""
GIVE_UP_S = 300.0
"""A part that is away for longer ends the import; what was acknowledged stays."""
RETRY_S = 1.0
NOT_TAKEN = "not_taken"
"""Code of a line that Kafka did not acknowledge: send it again."""


class CatalogDoor(Protocol):
    """The calls to the HTTP tier that sending needs."""

    async def get(self, path: str) -> Any: ...

    async def post_lines(self, path: str, lines: list[bytes]) -> Any: ...


class Import:
    """One run over one file. `run` ends when all lines are acknowledged or rejected, or after `stop`."""

    def __init__(
        self, plan: ImportPlan, door: CatalogDoor, show: Show, stop: asyncio.Event, clock: Callable[[], float]
    ) -> None:
        self._plan = plan
        self._door = door
        self._show = show
        self._stop = stop
        self._clock = clock
        self._pace = Pace(plan.lag_s)
        self._slots = asyncio.Semaphore(REQUESTS_IN_FLIGHT_MAX)
        self._posts: dict[asyncio.Task[None], frozenset[str]] = {}
        self._failure: BaseException | None = None
        self._begun_s = clock()
        self.tally = Tally()
        self._feed = RowFeed(plan, self.tally, stop.is_set)
        self.ledger = Ledger()
        self.sample = Sample()

    @property
    def rejected_path(self) -> Path:
        return self._plan.rejected.path

    async def run(self) -> None:
        """Raises what made it impossible to go on; the tally and the ledger hold until where."""
        looking = asyncio.create_task(self._keep_looking())
        looking.add_done_callback(self._note_failure)
        try:
            await self._send_all()
            while self._posts:
                await asyncio.wait(self._posts)
        finally:
            looking.cancel()
            await asyncio.gather(looking, *self._posts, return_exceptions=True)
        if self._failure:
            raise self._failure

    async def _send_all(self) -> None:
        events = self._feed.events(await asyncio.to_thread(self._feed.rows))
        left_over: list[Ready] = []
        while not self._stop.is_set() and not self._failure:
            room = await self._room()
            batch, left_over = await self._fill(left_over, events, room)
            if not batch:
                return
            self._pace.take(len(batch))
            await self._slots.acquire()
            await self._wait_for_same_skus(batch)
            if self._stop.is_set():  # what is not on its way yet stays for the next run
                return
            self._start(batch)

    async def _wait_for_same_skus(self, batch: list[Ready]) -> None:
        """Requests overtake each other, events of one SKU must not: the file's order is theirs."""
        skus = {line.sku for line in batch}
        while any(not skus.isdisjoint(of_post) for of_post in self._posts.values()):
            await asyncio.wait(self._posts, return_when=asyncio.FIRST_COMPLETED)

    def _start(self, batch: list[Ready]) -> None:
        self.tally.sent += len(batch)
        post = asyncio.create_task(self._post(batch))
        self._posts[post] = frozenset(line.sku for line in batch)
        post.add_done_callback(self._posted)

    async def _fill(
        self, left_over: list[Ready], events: Iterator[Ready | None], count: int
    ) -> tuple[list[Ready], list[Ready]]:
        """At most `count` events and BATCH_BYTES_MAX bytes, one per SKU, and what did not fit any more.

        One per SKU, because single lines of a request may have to be sent again, and an older event must not come last.
        """
        batch = list(left_over)
        skus = {line.sku for line in batch}
        size = sum(len(line.event) for line in batch)
        while len(batch) < count and not self._stop.is_set():
            try:
                line = next(events)
            except StopIteration:
                break
            if line is None:
                await asyncio.sleep(0)
                continue
            if batch and (size + len(line.event) > BATCH_BYTES_MAX or line.sku in skus):
                return batch, [line]
            batch.append(line)
            skus.add(line.sku)
            size += len(line.event)
        return batch, []

    async def _room(self) -> int:
        """Waits until at least a quarter of a batch may be sent: tiny requests cost as much as large ones."""
        batch = min(self._plan.batch, EVENTS_PER_REQUEST_MAX)
        while not self._stop.is_set() and not self._failure:
            worthwhile = min(batch, max(1, int(self._pace.per_s * LOOK_EVERY_S / 4)))
            if self._pace.room() >= worthwhile:
                break
            await asyncio.sleep(0.02)
        return max(1, min(batch, self._pace.room()))

    async def _keep_looking(self) -> None:
        heard_s = self._clock()
        while True:
            try:
                freshness = await self._door.get("/v1/freshness")
                heard_s = self._clock()
                self._pace.observe(heard_s, self.tally.acknowledged, queued_events(freshness))
            except Unavailable:
                if self._clock() - heard_s > GIVE_UP_S:
                    raise
            self._show_step()
            await asyncio.sleep(LOOK_EVERY_S)

    def _show_step(self) -> None:
        tally, now_s = self.tally, self._clock()
        per_s = tally.acknowledged / max(0.001, now_s - (tally.first_ack_s or self._begun_s))
        gone = tally.share - tally.share_before
        eta_s = (now_s - self._begun_s) * (1 - tally.share) / gone if gone > 0 else None
        note = f"{self._pace.queued:,} queued"
        self._show.update(Step("sent", tally.acknowledged, tally.share, per_s, eta_s, tally.rejected, note), now_s)

    async def _post(self, batch: list[Ready]) -> None:
        """Sends until each line is acknowledged or refused for good; after `stop` a request is not repeated."""
        waiting, heard_s = batch, self._clock()
        while True:
            pause_s = RETRY_S
            try:
                again = self._book(
                    waiting, await self._door.post_lines("/v1/catalog", [line.event for line in waiting])
                )
                heard_s = self._clock() if len(again) < len(waiting) else heard_s
                waiting = again
            except Unavailable as error:
                pause_s = error.retry_after_s if isinstance(error, Overloaded) else RETRY_S
                if self._clock() - heard_s > GIVE_UP_S:
                    raise
            if not waiting or self._stop.is_set():
                break
            self.tally.slowed += 1
            await asyncio.sleep(pause_s)
        self.tally.sent -= len(waiting)

    def _book(self, batch: list[Ready], answer: Any) -> list[Ready]:
        """Enters the answer to each line; returns the lines to be sent again."""
        again = []
        for number, said in line_answers(answer).items():
            line = batch[number - 1]
            if isinstance(said, Refused) and said.reason == NOT_TAKEN:
                again.append(line)
                continue
            self._plan.done.done(line.place, line.row.number, sent=isinstance(said, EventId))
            if isinstance(said, Refused):
                self.tally.sent -= 1
                self._feed.reject(said._replace(number=line.row.number, original=original_of(line.row)))
                continue
            self.ledger.add(said)
            self.sample.add(line.sku, said)
            self.tally.acknowledged += 1
            if self.tally.first_ack_s is None:
                self.tally.first_ack_s = self._clock()
        if self._plan.save:
            self._plan.save(self.tally)
        return again

    def _posted(self, post: asyncio.Task[None]) -> None:
        del self._posts[post]
        self._slots.release()
        self._note_failure(post)

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() and not self._failure:
            self._failure = task.exception()


def line_answers(answer: Any) -> dict[int, EventId | Refused]:
    """What the catalogue said to each line of a request, by line number from 1."""
    said: dict[int, EventId | Refused] = {}
    for item in answer["events"]:
        if item.get("event_id"):
            said[item["line"]] = EventId.parse(item["event_id"])
        else:
            error = item["error"]
            problems = [[found["field"], found["problem"]] for found in error.get("problems", [])]
            said[item["line"]] = Refused(item["line"], error["code"], error["message"], problems, "")
    return said
