"""What the incident page starts as a process of its own: one answer again, or a bundle. JSON in, JSON out.

It ends when its standard input does: a replay whose tier was killed is waited for by nobody.
"""

import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from freshet.replay_options import instead_of
from freshet.replay_room import NICE, Room, room
from replay.answers.records import Span, find
from replay.answers.replaying import replay
from replay.bundles.packing import pack, write_tar
from schemas.errors import FreshetError, InvalidRequest, StateRefused, Unavailable
from schemas.served import Served

BUNDLE: Final = "incident.tar.gz"
SALT_BYTES: Final = 16
NEAR_MS: Final = 600_000
"""A record is in the log so soon after its answer was made, and not much before it by clocks that differ."""


def asked_for(asked: dict[str, Any]) -> dict[str, Any]:
    """`do` is `replay` or `bundle`. Raises FreshetError."""
    instead = instead_of(asked.get("set", ()))
    with room(asked["url"], None) as here:
        if asked["do"] == "bundle":
            return _bundle([_found(here, one) for one in asked["answers"]], here, Path(asked["folder"]))
        (made,) = replay([_found(here, asked["answer"])], here.rebuilding, instead, asked.get("sku") or None)
        return made.facts


def _found(here: Room, one: dict[str, Any]) -> Served:
    at_ms = one.get("at_ms")
    span = Span() if at_ms is None else Span(at_ms - NEAR_MS, at_ms + NEAR_MS)
    return find(here.log, here.topics, one["request_id"], span)


def _bundle(records: Sequence[Served], here: Room, folder: Path) -> dict[str, Any]:
    output = folder / BUNDLE
    with tempfile.TemporaryDirectory(dir=folder) as packing:
        bundle = pack(records, here.rebuilding, Path(packing), secrets.token_bytes(SALT_BYTES))
        write_tar(Path(packing), output)
    return {
        "file": BUNDLE,
        "answers": len(records),
        "snapshots": len(bundle.bases),
        "log_records": sum(part.end - part.begin for part in bundle.parts),
        "file_bytes": output.stat().st_size,
    }


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
    os.nice(NICE)
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
