"""Follows single events from their decision until the storefront sees them: for the feed and for the freshness.

Both rest on this one measurement. Above a rate only the newest events are followed; the others are counted.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.errors import Unavailable
from schemas.reasons import REASONS
from schemas.records import EventId, Offer, Outcome
from serving.allowance import Allowance
from serving.event_steps import is_searchable, searchable_ms, waiting_for
from serving.fresh_sample import FreshSample
from serving.outcomes import Decided, OutcomeCache
from serving.shard_answers import Seen
from serving.shards import Shards

FOLLOWED_PER_S = 10
FOLLOWED_BURST = 20
"""So many events are followed at once, then FOLLOWED_PER_S: enough to watch, cheap during an import."""
PENDING_MAX = 300
ASK_MAX = 100
"""Events asked after at once."""
ASK_EVERY_S_MIN = 0.1
ASK_EVERY_S_MAX = 1.0
"""An event that waits is asked after at a quarter of its age, within these bounds."""
SEEN_TIMEOUT_S = 0.5
WAITING_TOLD_S = 2.0
"""An event that is not searchable by then is told as waiting; it is told again when it is."""
PENDING_S = 30.0
"""An event that is not searchable after so long is no longer followed (the lags show it)."""

Kind = Literal["new", "content", "offer", "deleted", "unchanged", "superseded", "duplicate", "rejected"]


class Change(BaseModel):
    """One event of the catalogue as the feed tells it: `change` of `GET /v1/feed`. Times in ms since 1970."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    event_id: str
    sku: str
    kind: Kind
    """What it did: `offer` is price, stock or availability; `unchanged`, `superseded` and `duplicate` did nothing."""
    title: str | None = None
    """As it is shown now, and the offer too; null when the product is not shown."""
    offer: Offer | None = None
    waiting: Literal["embed", "apply"] | None = None
    """What is still to come; another `change` of the same event follows when it is searchable."""
    reason: str = ""
    """Code of docs/events.md, for a rejected event."""
    meaning: str = ""
    received_ms: int
    decided_ms: int | None = None
    searchable_ms: int | None = None
    total_ms: int | None = None
    """From the arrival in Kafka until searchable; null when nothing became searchable, or a newer event was first."""


@dataclass
class _Pending:
    decided: Decided
    since_s: float
    due_s: float
    told: bool = False


class ChangeWatch:
    """Call `step` often. Gives every measured time to `sample` and every finished (or late) event to `tell`."""

    def __init__(
        self,
        outcomes: OutcomeCache,
        shards: Shards,
        sample: FreshSample,
        tell: Callable[[Change], None],
        clock: Callable[[], float],
    ) -> None:
        self._outcomes = outcomes
        self._shards = shards
        self._sample = sample
        self._tell = tell
        self._clock = clock
        self._allowance = Allowance(FOLLOWED_PER_S, FOLLOWED_BURST, clock)
        self._pending: dict[EventId, _Pending] = {}
        self._left_out = 0

    def take_left_out(self) -> int:
        """Events since the last call that were decided and not followed."""
        count, self._left_out = self._left_out, 0
        return count

    async def step(self) -> None:
        now_s = self._clock()
        taken = self._outcomes.take_newest(self._allowance.left)
        self._allowance.use(len(taken.decided))
        self._left_out += taken.left_out
        for decided in taken.decided:
            self._pending[EventId.parse(decided.outcome.event_id)] = _Pending(decided, now_s, now_s)
        while len(self._pending) > PENDING_MAX:
            del self._pending[next(iter(self._pending))]
        due: dict[int, list[EventId]] = defaultdict(list)
        for event_id in [name for name, one in self._pending.items() if one.due_s <= now_s][:ASK_MAX]:
            due[event_id.partition].append(event_id)
        await asyncio.gather(*(self._ask(partition, event_ids) for partition, event_ids in due.items()))

    async def _ask(self, partition: int, event_ids: list[EventId]) -> None:
        asked = [(self._pending[name].decided.outcome.sku, name.order) for name in event_ids]
        seens: list[Seen | None]
        try:
            seens = list((await self._shards.seen(partition, asked, SEEN_TIMEOUT_S)).seen)
        except Unavailable:
            seens = [None] * len(event_ids)
        for event_id, seen in zip(event_ids, seens, strict=True):
            self._settle(event_id, seen, self._clock())

    def _settle(self, event_id: EventId, seen: Seen | None, now_s: float) -> None:
        one = self._pending[event_id]
        one.decided = self._outcomes.get(event_id) or one.decided  # the encoder may have corrected it
        age_s, outcome = now_s - one.since_s, one.decided.outcome
        if is_final(outcome, seen):
            found = change(one.decided, seen)
            if found.total_ms is not None:
                self._sample.add(found.total_ms / 1000)
            self._tell(found)
            del self._pending[event_id]
        elif age_s >= PENDING_S:
            del self._pending[event_id]
        else:
            one.due_s = now_s + min(max(age_s / 4, ASK_EVERY_S_MIN), ASK_EVERY_S_MAX)
            if age_s >= WAITING_TOLD_S and not one.told:
                one.told = True
                self._tell(change(one.decided, seen))


def is_final(outcome: Outcome, seen: Seen | None) -> bool:
    """Whether nothing more will be known: it is seen, a newer event took its place, or it changed nothing."""
    if outcome.outcome not in ("indexed", "deleted"):
        return True
    return seen is not None and (
        searchable_ms(outcome, seen) is not None or is_searchable(EventId.parse(outcome.event_id), outcome, seen)
    )


def change(decided: Decided, seen: Seen | None) -> Change:
    """An event as the feed tells it."""
    outcome = decided.outcome
    effective = outcome.outcome in ("indexed", "deleted")
    at_ms = searchable_ms(outcome, seen) if seen and effective else None
    reason = REASONS.get(outcome.reason)
    waiting = waiting_for(outcome, seen) if seen else "apply"
    return Change(
        event_id=outcome.event_id,
        sku=outcome.sku,
        kind=kind_of(outcome, seen),
        title=seen.title if seen else None,
        offer=seen.offer if seen else None,
        waiting=None if is_final(outcome, seen) else waiting,
        reason=outcome.reason,
        meaning=reason.meaning if reason else "",
        received_ms=outcome.received_ms,
        decided_ms=decided.decided_ms,
        searchable_ms=at_ms,
        total_ms=max(0, at_ms - outcome.received_ms) if at_ms is not None else None,
    )


def kind_of(outcome: Outcome, seen: Seen | None) -> Kind:
    if outcome.outcome == "dead-lettered":
        return "rejected"
    if outcome.outcome != "indexed":
        return outcome.outcome
    if seen and seen.live_since == EventId.parse(outcome.event_id).order:
        return "new"
    return "content" if outcome.content_changed else "offer"
