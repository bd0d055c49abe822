"""What the incident page starts as a process of its own: one answer again, or a bundle. JSON in, JSON out.

It ends when its standard input does: a replay whose tier was killed is waited for by nobody.
"""

import os
import sys
import threading
from pathlib import Path
from typing import Any, Final

import orjson

from freshet.replay_options import instead_of
from freshet.replay_room import Room, room
from freshet.run_replay_bundle import packed
from replay.answers.records import Span, find
from replay.answers.replaying import replay
from replay.going_last import go_last
from schemas.errors import FreshetError, InvalidRequest, StateRefused, Unavailable
from schemas.served import Served

BUNDLE: Final = "incident.tar.gz"
NEAR_MS: Final = 600_000
"""A record is in the log so soon after its answer was made, and not much before it by clocks that differ."""


def asked_for(asked: dict[str, Any]) -> dict[str, Any]:
    """`do` is `replay` or `bundle`. Raises FreshetError."""
    instead = instead_of(asked.get("set", ()))
    with room(asked["url"], None) as here:
        if asked["do"] == "bundle":
            return packed(here, [_found(here, one) for one in asked["answers"]], Path(asked["folder"]) / BUNDLE)
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


def end_with_input() -> None:
    """The pipe ends with the process that holds its other end."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(1)

    threading.Thread(target=watch, name="input", daemon=True).start()


def main() -> None:
    """Argument: what is asked for, as JSON."""
    go_last()
    end_with_input()
    try:
        said = asked_for(orjson.loads(sys.argv[1]))
    except FreshetError as error:
        said = {"error": {"code": code_of(error), "message": error.message, "hint": error.hint}}
    sys.stdout.buffer.write(orjson.dumps(said))
    sys.stdout.flush()
    os._exit(0)  # the thread that waits for input holds it


if __name__ == "__main__":
    main()
