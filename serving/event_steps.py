"""How far one event has come on its way to the storefront, from its outcome and what the shard has seen."""

from typing import Literal

from schemas.records import EventId, Outcome
from serving.outcome_lookup import may_be_corrected
from serving.shard_answers import Seen


def is_searchable(event_id: EventId, outcome: Outcome, seen: Seen) -> bool:
    """Content by its document, price and stock by their offer; a delete hides with whichever comes first."""
    by_content = seen.content_order is not None and seen.content_order >= event_id.order
    by_offer = seen.offer_order is not None and seen.offer_order >= event_id.order
    if outcome.outcome == "deleted":
        return by_content or by_offer
    return by_content if outcome.content_changed else by_offer


def searchable_ms(outcome: Outcome, seen: Seen) -> int | None:
    """When the event itself could first be found, ms since 1970; None when not yet, too long ago, or never: a newer
    event of the SKU may have taken its place before."""
    if outcome.outcome == "deleted":
        times = [time for time in (seen.offer_searchable_ms, seen.content_searchable_ms) if time is not None]
        return min(times, default=None)
    return seen.content_searchable_ms if outcome.content_changed else seen.offer_searchable_ms


def waiting_for(outcome: Outcome, seen: Seen) -> Literal["embed", "apply"]:
    """What is still to come for an event that is not searchable."""
    return "embed" if may_be_corrected(outcome) and seen.embedded_ms is None else "apply"
