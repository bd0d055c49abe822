"""What an event wanted, what is wrong with it, and what became of it, in words."""

from typing import Final, Literal, NamedTuple

import orjson

from schemas.errors import InvalidEvent
from schemas.events import Delete, Patch, Upsert, decode_event
from schemas.reasons import REASONS
from schemas.records import Outcome
from serving.journey.model import JourneyProblem
from streams.reader import LogRecord

Kind = Literal["upsert", "patch", "delete", "unreadable", "gone"]
KINDS_OF: Final[dict[type, Kind]] = {Upsert: "upsert", Patch: "patch", Delete: "delete"}
NOT_SHOWN = frozenset({"type", "sku", "schema_version", "version", "replay_of"})


class Wanted(NamedTuple):
    """What an event says."""

    kind: Kind
    fields: list[str]
    version: int | None = None
    problems: tuple[JourneyProblem, ...] = ()
    wrong: str = ""
    """Why it cannot be read, in a sentence."""


def wanted(record: LogRecord | None) -> Wanted:
    """Read by the same rules as the agent reads it. Pure."""
    if record is None:
        return Wanted("gone", [])
    if record.value is None:
        return Wanted("unreadable", [], wrong="the record has no value; to delete a product send a delete event")
    try:
        event, _ = decode_event(record.value)
    except InvalidEvent as invalid:
        problems = tuple(JourneyProblem(field=one.field, problem=one.problem) for one in invalid.problems)
        return Wanted(_kind(record.value), [], problems=problems, wrong=invalid.message)
    fields = sorted(event.model_fields_set - NOT_SHOWN)
    return Wanted(KINDS_OF[type(event)], fields, event.version)


def _kind(value: bytes) -> Kind:
    """What a refused event says that it is."""
    try:
        found = orjson.loads(value)["type"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "unreadable"
    return next((kind for kind in KINDS_OF.values() if kind == found), "unreadable")


def said(wants: Wanted, outcome: Outcome | None) -> tuple[str, str]:
    """What became of it, and what to do."""
    if outcome is None:
        return "it waits for its decision", "nothing, unless it lasts: freshet status shows whether catalog works"
    what = {"upsert": "the product", "patch": "the change", "delete": "the delete"}.get(wants.kind, "the event")
    fields = f" of {', '.join(wants.fields)}" if wants.kind == "patch" and wants.fields else ""
    match outcome.outcome:
        case "indexed":
            how = (
                "its text goes to the encoder"
                if outcome.content_changed
                else "price and stock only, without the encoder"
            )
            return f"{what}{fields} was accepted: {how}", ""
        case "deleted":
            return "the product was deleted", ""
        case "unchanged" | "duplicate":
            same = outcome.reason.startswith("nothing")
            return f"{what}{fields} changes nothing: {'it is so already' if same else outcome.reason}", ""
        case "superseded":
            return (
                f"{what}{fields} came too late: {outcome.reason}",
                "send it with a higher version, or without one, to make it count",
            )
        case _:
            return _refused(wants, outcome)


def _refused(wants: Wanted, outcome: Outcome) -> tuple[str, str]:
    reason = REASONS.get(outcome.reason)
    meaning = reason.meaning[:1].lower() + reason.meaning[1:] if reason else ""
    details = "; ".join(f"{one.field}: {one.problem}" for one in wants.problems if one.field) or wants.wrong or meaning
    says = f"it was refused ({outcome.reason}): {details.rstrip('.')}"
    if outcome.reason == "unknown_sku":
        return says, "send the whole product as an upsert first"
    if reason and reason.who == "operator":
        return says, (
            f"whoever runs Freshet has to look: freshet dlq show {outcome.event_id}, "
            f"then freshet dlq replay {outcome.event_id}"
        )
    return says, "correct it and send it again"
