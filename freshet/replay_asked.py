"""What the incident page asks for, as JSON: one answer again, or a bundle; and what is said against it."""

from pathlib import Path
from typing import Any, Final

from freshet.replay_options import instead_of
from freshet.replay_room import Room, room
from freshet.run_replay_bundle import packed
from replay.answers.records import Span, find
from replay.answers.replaying import replay
from schemas.errors import FreshetError, InvalidRequest, StateRefused, Unavailable
from schemas.served import Served

BUNDLE: Final = "incident.tar.gz"
NEAR_MS: Final = 600_000
"""A record is in the log so soon after its answer was made, and not much before it by clocks that differ."""


def told(asked: dict[str, Any]) -> dict[str, Any]:
    """`do` is `replay` or `bundle`; what speaks against it is told as `error`."""
    try:
        return _done(asked)
    except FreshetError as error:
        return {"error": {"code": code_of(error), "message": error.message, "hint": error.hint}}


def _done(asked: dict[str, Any]) -> dict[str, Any]:
    instead = instead_of(asked.get("set", ()))
    folder = Path(asked["folder"])  # goes with all that is in it, however this ends
    with room(asked["url"], None, folder) as here:
        if asked["do"] == "bundle":
            return packed(here, [_found(here, one) for one in asked["answers"]], folder / BUNDLE)
        (made,) = replay([_found(here, asked["answer"])], here.rebuilding, instead, asked.get("sku") or None)
        return made.facts


def _found(here: Room, one: dict[str, Any]) -> Served:
    at_ms = one.get("at_ms")
    span = Span() if at_ms is None else Span(at_ms - NEAR_MS, at_ms + NEAR_MS)
    return find(here.log, here.topics, one["request_id"], span)


def code_of(error: FreshetError) -> str:
    match error:
        case InvalidRequest():
            return error.code
        case Unavailable():
            return "unavailable"
        case StateRefused():
            return "state_refused"
        case _:
            return "replay_failed"
