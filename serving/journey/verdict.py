"""Where a product stands now, why, and what helps: one sentence each. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.hits import Hit
from schemas.records import EventId
from serving.event_steps import is_searchable
from serving.journey.event_said import said, wanted
from serving.journey.events_of import SkuEvent, SkuEvents
from serving.journey.model import Now
from serving.lags import MARKER_RECORDS
from serving.shard_answers import Seen, SkuOnShard

ACCEPTED = frozenset({"indexed", "deleted"})
BY_ITSELF = "nothing: it comes by itself"


class Verdict(NamedTuple):
    now: Now
    says: str
    do: str = ""
    waits_behind: int | None = None


class Replicas(NamedTuple):
    """What the replicas have seen of the events, in their order; None: it does not answer."""

    seen: dict[str, list[Seen] | None]

    @property
    def answering(self) -> dict[str, list[Seen]]:
        return {name: seen for name, seen in self.seen.items() if seen is not None}


def verdict(sku: str, found: SkuEvents, product: SkuOnShard | None, replicas: Replicas) -> Verdict:
    """`product`: what the freshest replica knows of it; None: none answers."""
    newest = found.events[0] if found.events else None
    if newest is not None and newest.decided is None:
        return _undecided(newest, found, product)
    accepted = newest_accepted(found.events)
    if accepted is not None and product is not None and (behind := _not_there(accepted, found, replicas)):
        return behind
    if product is None:
        told = f"its newest event {newest.event_id}: {_said(newest)[0]}" if newest else "none of its events is kept"
        do = "see in freshet status which replica is away; it answers again once that is back"
        return Verdict("not told", f"no replica answers, so nobody can say what is shown; {told}", do)
    if product.hit is not None:
        return _shown(found.events, accepted, replicas, product.hit)
    if product.deleted:
        return _deleted(found.events)
    if product.waiting == "document" and not _refused_by_encoder(found.events):
        behind_ = _behind(found.ends.contents, found.ends.contents_done)
        return Verdict("waiting", "it is accepted, and its text waits for the encoder", BY_ITSELF, behind_)
    if newest is not None:
        what, do = _said(newest)
        return Verdict("refused", f"no event of it was accepted; of the newest, {newest.event_id}: {what}", do)
    older = "" if found.complete else " among those that were looked through"
    return Verdict(
        "unknown",
        f"there is no product {sku!r}, and no event of it{older}",
        "look at the SKU's spelling; send the product as an upsert",
    )


def newest_accepted(events: Sequence[SkuEvent]) -> SkuEvent | None:
    return next((one for one in events if one.decided and one.decided.outcome.outcome in ACCEPTED), None)


def _refused_by_encoder(events: Sequence[SkuEvent]) -> bool:
    """Whether no text of it is left that could still be embedded."""
    newest = next((one.decided.outcome for one in events if one.decided and one.decided.outcome.content_changed), None)
    corrected = any(one.decided and one.decided.outcome.by == "embed" for one in events)
    return newest is None and corrected


def _undecided(newest: SkuEvent, found: SkuEvents, product: SkuOnShard | None) -> Verdict:
    ahead = max(0, newest.event_id.offset - found.ends.catalog_done)
    until_then = "" if product is None or product.hit is None else "; until then it is shown as it was"
    before = "" if not ahead else f", {'1 event is' if ahead == 1 else f'{ahead:,} events are'} before it"
    return Verdict(
        "waiting",
        f"its newest event {newest.event_id} waits for its decision{before}{until_then}",
        f"{BY_ITSELF}; if it lasts, freshet status shows whether catalog works",
        ahead,
    )


def _not_there(accepted: SkuEvent, found: SkuEvents, replicas: Replicas) -> Verdict | None:
    """What the newest accepted event waits for, where no replica that answers shows it."""
    assert accepted.decided is not None
    nth, outcome = found.events.index(accepted), accepted.decided.outcome
    seen = [one[nth] for one in replicas.answering.values()]
    if not seen or any(is_searchable(accepted.event_id, outcome, one) for one in seen):
        return None
    if outcome.content_changed and outcome.outcome != "deleted" and all(one.embedded_ms is None for one in seen):
        ahead = _behind(found.ends.contents, found.ends.contents_done)
        says = f"its newest event {accepted.event_id} is accepted, and its text waits for the encoder"
        return Verdict("waiting", says, f"{BY_ITSELF}; if it lasts, freshet status shows whether embed works", ahead)
    says = f"its newest event {accepted.event_id} is accepted, and no replica has taken it yet"
    return Verdict("waiting", says, f"{BY_ITSELF}; if it lasts, freshet status shows whether the shards follow")


def _shown(events: Sequence[SkuEvent], accepted: SkuEvent | None, replicas: Replicas, hit: Hit) -> Verdict:
    newest = events[0] if events else None
    where = _where(events, accepted, replicas) + _not_in_stock(hit)
    if newest is None or accepted is None:
        return Verdict("shown", f"it is shown{where}; none of its events was found among those that are kept")
    if newest is accepted:
        return Verdict("shown", f"it is shown as its newest event {newest.event_id} made it{where}")
    what, do = _said(newest)
    return Verdict(
        "shown", f"it is shown as event {accepted.event_id} made it{where}; the newest, {newest.event_id}: {what}", do
    )


def _not_in_stock(hit: Hit) -> str:
    """What a shopper who looks for what can be bought does not see."""
    if hit.in_stock:
        return ""
    offer = hit.offer
    if offer is None:
        why = "it has no price and no stock"
    elif offer.availability not in (None, "in_stock"):
        why = f"its availability is {offer.availability}"
    else:
        why = "its stock is 0" if offer.stock == 0 else "it has no price"
    return f", not in stock ({why}), so a filter by stock hides it"


def _where(events: Sequence[SkuEvent], accepted: SkuEvent | None, replicas: Replicas) -> str:
    """On which replicas, where there are several or one is away."""
    if len(replicas.seen) == 1:
        return ""
    there = sorted(replicas.answering)
    if accepted is not None and accepted.decided is not None:
        nth, outcome = events.index(accepted), accepted.decided.outcome
        there = [name for name in there if is_searchable(accepted.event_id, outcome, replicas.answering[name][nth])]
    if len(there) == len(replicas.seen):
        return f" on all {len(there)} replicas"
    away = sorted(name for name, seen in replicas.seen.items() if seen is None)
    behind = sorted(set(replicas.answering) - set(there))
    rest = [f"{', '.join(away)} away" if away else "", f"{', '.join(behind)} behind" if behind else ""]
    return f" on {len(there)} of {len(replicas.seen)} replicas ({'; '.join(filter(None, rest))})"


def _deleted(events: Sequence[SkuEvent]) -> Verdict:
    by = next((one for one in events if one.decided and one.decided.outcome.outcome == "deleted"), None)
    says = f"it was deleted by event {by.event_id}" if by else "it was deleted; the event is no longer kept"
    newest = events[0] if events else None
    if newest is not None and newest is not by:
        what, do = _said(newest)
        return Verdict("deleted", f"{says}; the newest event, {newest.event_id}: {what}", do)
    return Verdict("deleted", says, "to bring it back, send the whole product as an upsert")


def _said(one: SkuEvent) -> tuple[str, str]:
    """What became of an event, and what to do."""
    return said(wanted(one.record), one.decided.outcome if one.decided else None)


def _behind(end: int, done: int) -> int:
    return max(0, end - done - MARKER_RECORDS)


def event_name(order: "tuple[int, int] | None", partition: int) -> str | None:
    return None if order is None else str(EventId(order[0], partition, order[1]))
