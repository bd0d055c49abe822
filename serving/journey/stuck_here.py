"""Whether the newest event of one product is received and not shown, and why: as `GET /v1/stuck` says. Pure."""

from collections.abc import Sequence, Set

from serving.event_steps import is_searchable
from serving.journey.events_of import SkuEvent, SkuEvents
from serving.journey.verdict import Replicas, newest_accepted
from serving.stuck.found import where
from serving.stuck.model import StuckHere


def stuck_here(found: SkuEvents, replicas: Replicas, out: Set[str]) -> StuckHere | None:
    """`out`: names of replicas that were taken out. None: it is shown, or deleted, as its newest event says."""
    newest = found.events[0] if found.events else None
    if newest is not None and newest.decided is None:
        return StuckHere(reason="decision", event=str(newest.event_id))
    if newest is not None and _is_refused(newest, "catalog"):
        return _refused(newest)
    if found.embedding is not None:
        return StuckHere(reason="encoder", event=str(found.embedding))
    content = _newest_content(found.events)
    if content is not None and _is_refused(content, "embed"):
        return _refused(content)
    accepted = newest_accepted(found.events)
    if accepted is None or accepted.decided is None:
        return None
    nth, outcome = found.events.index(accepted), accepted.decided.outcome
    answering = replicas.answering
    missing = {name for name, seen in answering.items() if not is_searchable(accepted.event_id, outcome, seen[nth])}
    reason = where(answering.keys(), missing, out)
    return StuckHere(reason=reason, event=str(accepted.event_id)) if reason is not None else None


def _newest_content(events: Sequence[SkuEvent]) -> SkuEvent | None:
    """The event that says what the product is now: of a text, of its refusal by the encoder, or a delete."""
    for one in events:
        outcome = one.decided.outcome if one.decided else None
        if outcome is not None and (outcome.by == "embed" or outcome.outcome == "deleted" or outcome.content_changed):
            return one
    return None


def _is_refused(one: SkuEvent, by: str) -> bool:
    outcome = one.decided.outcome if one.decided else None
    return outcome is not None and (outcome.outcome, outcome.by) == ("dead-lettered", by)


def _refused(one: SkuEvent) -> StuckHere:
    code = one.decided.outcome.reason if one.decided else ""
    return StuckHere(reason="dead-lettered", code=code, event=str(one.event_id))
