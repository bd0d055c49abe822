"""The journey of one product: its events from the log, and what each replica shows of them."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from schemas.errors import FreshetError, Unavailable
from schemas.reasons import REASONS
from schemas.records import Order
from serving.event_steps import is_searchable, searchable_ms
from serving.journey.event_said import said, wanted
from serving.journey.events_of import SkuEvent, SkuEvents
from serving.journey.model import Journey, JourneyEvent, JourneyReplica, JourneySteps
from serving.journey.stuck_here import stuck_here
from serving.journey.verdict import Replicas, event_name, newest_accepted, verdict
from serving.outcome_lookup import may_be_corrected
from serving.shard_answers import Seen, SeenAnswer, SkuOnShard

SHARD_TIMEOUT_S = 1.0


class Asked(Protocol):
    """`serving.shards.Shards`."""

    def replicas_of(self, partition: int) -> dict[str, str]: ...

    def taken_out(self, partition: int) -> frozenset[str]: ...

    async def sku(self, partition: int, sku: str, timeout_s: float) -> SkuOnShard: ...

    async def seen_at(
        self, address: str, partition: int, events: Sequence[tuple[str, Order]], timeout_s: float
    ) -> SeenAnswer: ...


async def journey(sku: str, partition: int, found: SkuEvents, shards: Asked) -> Journey:
    """Never raises because a replica is away: it is named."""
    orders = [(sku, one.event_id.order) for one in found.events] or [(sku, Order(0, 0))]
    product, replicas = await asyncio.gather(_product(sku, partition, shards), _seen(partition, orders, shards))
    told = verdict(sku, found, product, replicas)
    return Journey(
        sku=sku,
        partition=partition,
        now=told.now,
        says=told.says,
        do=told.do,
        waits_behind=told.waits_behind,
        stuck=stuck_here(found, replicas, shards.taken_out(partition)),
        events=[_event(nth, one, replicas) for nth, one in enumerate(found.events)],
        complete=found.complete,
        replicas=[_replica(name, seen, partition, found) for name, seen in sorted(replicas.seen.items())],
        degraded=[f"replica-{name}" for name, seen in sorted(replicas.seen.items()) if seen is None],
    )


async def _product(sku: str, partition: int, shards: Asked) -> SkuOnShard | None:
    try:
        return await shards.sku(partition, sku, SHARD_TIMEOUT_S)
    except Unavailable:
        return None


async def _seen(partition: int, orders: Sequence[tuple[str, Order]], shards: Asked) -> Replicas:
    addresses = shards.replicas_of(partition)

    async def ask(address: str) -> list[Seen] | None:
        try:
            return (await shards.seen_at(address, partition, orders, SHARD_TIMEOUT_S)).seen
        except FreshetError:
            return None

    answers = await asyncio.gather(*map(ask, addresses.values()))
    return Replicas(dict(zip(addresses, answers, strict=True)))


def _event(nth: int, one: SkuEvent, replicas: Replicas) -> JourneyEvent:
    wants, decided = wanted(one.record), one.decided
    outcome = decided.outcome if decided else None
    says, do = said(wants, outcome)
    reason = REASONS.get(outcome.reason) if outcome else None
    steps = JourneySteps(
        received_ms=one.record.timestamp_ms if one.record else outcome.received_ms if outcome else None
    )
    if decided is not None and outcome is not None:
        steps.decided_ms = decided.decided_ms
        if outcome.outcome in ("indexed", "deleted"):
            seen = {name: answer[nth] for name, answer in replicas.answering.items()}
            embedded = [one_.embedded_ms for one_ in seen.values() if one_.embedded_ms is not None]
            steps.embedded_ms = min(embedded, default=None) if may_be_corrected(outcome) else None
            steps.searchable_ms = {name: searchable_ms(outcome, one_) for name, one_ in seen.items()}
    return JourneyEvent(
        id=str(one.event_id),
        type=wants.kind,
        fields=wants.fields,
        version=wants.version,
        outcome=outcome.outcome if outcome else None,
        reason=outcome.reason if outcome else "",
        who=reason.who if reason else "",
        problems=list(wants.problems),
        steps=steps,
        says=says,
        do=do,
    )


def _replica(name: str, seen: list[Seen] | None, partition: int, found: SkuEvents) -> JourneyReplica:
    if seen is None:
        return JourneyReplica(replica=name, answers=False, shown=None)
    accepted = newest_accepted(found.events)
    newest = None
    if accepted is not None and accepted.decided is not None:
        its = seen[found.events.index(accepted)]
        newest = is_searchable(accepted.event_id, accepted.decided.outcome, its)
    return JourneyReplica(
        replica=name,
        answers=True,
        shown=seen[0].title is not None,
        content_event=event_name(seen[0].content_order, partition),
        offer_event=event_name(seen[0].offer_order, partition),
        newest=newest,
    )
