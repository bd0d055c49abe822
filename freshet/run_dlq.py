"""What `freshet dlq ls`, `show`, `fix` and `replay` do: they ask the tier, so its keys and audit log hold here too."""

import asyncio
import base64
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import orjson

from freshet.exit_codes import FAILED, OK
from freshet.http_door import HttpDoor
from freshet.printing import local_time, print_json, print_lines, say
from freshet.show_letter import letter_lines
from freshet.show_logs import since
from freshet.target import find_target
from schemas.errors import SettingsError

PAGE: Final = 500
SHOWN_MAX: Final = 20
"""Letters that were not sent, one by one, in the words of `replay`."""


class LetterOptions(NamedTuple):
    """Which letters; empty fields ask for all."""

    reason: str = ""
    merchant: str = ""
    sku: str = ""
    since: str = ""
    until: str = ""

    def asked(self) -> dict[str, Any]:
        """As the tier takes it. Raises InvalidRequest for a time that is none."""
        now_s = time.time()
        given = {
            "reason": self.reason,
            "merchant": self.merchant,
            "sku": self.sku,
            "since_ms": _ms(self.since, "--since", now_s),
            "until_ms": _ms(self.until, "--until", now_s),
        }
        return {name: value for name, value in given.items() if value}


def list_letters(options: LetterOptions, limit: int, url: str, data: Path | None, as_json: bool) -> int:
    found = asyncio.run(_list(options.asked(), limit, url, data))
    if as_json:
        print_json(found)
        return OK
    print_lines(map(letter_line, found["letters"]))
    if not found["letters"]:
        print_lines(["no dead letters" + (f" with reason {options.reason}" if options.reason else "")])
    _tell_older(found)
    return OK


def count_letters(options: LetterOptions, url: str, data: Path | None, as_json: bool) -> int:
    found = asyncio.run(_list(options.asked(), 1, url, data))
    if as_json:
        print_json({"groups": found["groups"], "complete": found["complete"]})
        return OK
    print_lines(map(group_line, found["groups"]))
    if not found["groups"]:
        print_lines(["no dead letters"])
    _tell_older(found)
    return OK


def show_letter(letter_id: str, url: str, data: Path | None, as_json: bool) -> int:
    found = asyncio.run(_get(url, data, f"/v1/dead-letters/{quote(letter_id, safe='')}"))
    print_json(found) if as_json else print_lines(letter_lines(found))
    return OK


def fix_letter(
    letter_id: str, file: Path | None, changes: list[str], url: str, data: Path | None, as_json: bool
) -> int:
    """With neither a file nor changes the original is opened in an editor."""
    asked = f"/v1/dead-letters/{quote(letter_id, safe='')}"
    if file is not None:
        mended = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    else:
        original = original_text(asyncio.run(_get(url, data, asked)))
        mended = changed(original, changes) if changes else _edited(original)
    try:
        event = orjson.loads(mended)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"the mended event is no JSON: {error}") from None
    return _sent(asyncio.run(_post(url, data, f"{asked}/resubmit", event)), as_json)


def replay_letter(letter_id: str, url: str, data: Path | None, as_json: bool) -> int:
    return _sent(asyncio.run(_post(url, data, f"/v1/dead-letters/{quote(letter_id, safe='')}/resubmit", None)), as_json)


def replay_letters(options: LetterOptions, dry_run: bool, url: str, data: Path | None, as_json: bool) -> int:
    """FAILED when at least one letter was not sent for another reason than that something newer took its place."""
    done = asyncio.run(_replay_all(options.asked() | {"dry_run": dry_run}, url, data))
    failed = [one for one in done["skipped"] if not one["superseded_by"]]
    if as_json:
        print_json(done)
    else:
        print_lines(_done_lines(done))
    return FAILED if failed else OK


def original_text(letter: dict[str, Any]) -> bytes:
    """Raises SettingsError where it is cut, or was accepted: nobody can mend what is not there."""
    if letter["stage"] != "catalog":
        raise SettingsError(
            f"the event of {letter['id']} was accepted, and only a later step refused it",
            hint="send the product as a new event: POST /v1/catalog",
        )
    original = base64.b64decode(letter["original_base64"])
    if len(original) < letter["original_bytes"]:
        raise SettingsError(
            f"the event of {letter['id']} is not whole in its letter", hint="give the whole event: --file FILE"
        )
    return original


def changed(original: bytes, changes: list[str]) -> bytes:
    """`price.amount=9.5`: the value is JSON, or else text; `stock=` takes the field out. Pure. Raises SettingsError."""
    try:
        event = orjson.loads(original)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"the original is no JSON: {error}", hint="give the whole event: --file FILE") from None
    for change in changes:
        path, equals, text = change.partition("=")
        *parents, name = path.split(".")
        place = event
        for parent in parents:
            place = place.setdefault(parent, {}) if isinstance(place, dict) else None
        if not equals or not name or not isinstance(place, dict):
            raise SettingsError(f"--set {change!r} is not like price.amount=9.5")
        if text:
            place[name] = _value(text)
        else:
            place.pop(name, None)
    return orjson.dumps(event)


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _edited(original: bytes) -> bytes:
    if not sys.stdin.isatty():
        raise SettingsError("nobody can edit here", hint="give --set FIELD=VALUE or --file FILE")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "event.json"
        file.write_bytes(original)
        if subprocess.run([*shlex.split(editor), str(file)], check=False).returncode:
            raise SettingsError(f"{editor} failed, so nothing is sent")
        mended = file.read_bytes()
    if mended.strip() == original.strip():
        raise SettingsError("nothing was changed, so nothing is sent", hint="freshet dlq replay sends it as it is")
    return mended


async def _list(asked: dict[str, Any], limit: int, url: str, data: Path | None) -> dict[str, Any]:
    """Pages put together."""
    found = await _get(url, data, f"/v1/dead-letters?{urlencode({**asked, 'limit': min(limit, PAGE)})}")
    while found["next"] is not None and len(found["letters"]) < limit:
        more = {"limit": min(limit - len(found["letters"]), PAGE), "before": found["next"]}
        page = await _get(url, data, f"/v1/dead-letters?{urlencode({**asked, **more})}")
        found["letters"] += page["letters"]
        found["next"], found["complete"] = page["next"], page["complete"]
    return found


async def _replay_all(asked: dict[str, Any], url: str, data: Path | None) -> dict[str, Any]:
    """Answers put together, each of the letters before those of the last one."""
    done = await _post(url, data, "/v1/dead-letters/resubmit", asked)
    while done["next"] is not None:
        say(f"{done['matching']:,} letters so far: {len(done['sent']):,} good, {len(done['skipped']):,} not")
        more = await _post(url, data, "/v1/dead-letters/resubmit", {**asked, "before": done["next"]})
        more["matching"] += done["matching"]
        for which in ("sent", "skipped"):
            more[which] = done[which] + more[which]
        done = more
    return done


async def _get(url: str, data: Path | None, path: str) -> dict[str, Any]:
    target = find_target(url, data)
    async with HttpDoor(target.url, target.key) as door:
        found: dict[str, Any] = await door.get(path)
    return found


async def _post(url: str, data: Path | None, path: str, body: Any) -> dict[str, Any]:
    target = find_target(url, data)
    async with HttpDoor(target.url, target.key) as door:
        found: dict[str, Any] = await door.post(path, body)
    return found


def _sent(done: dict[str, Any], as_json: bool) -> int:
    print_json(done) if as_json else print_lines([f"{done['id']}: sent again as event {done['event_id']}"])
    return OK


def _done_lines(done: dict[str, Any]) -> Iterator[str]:
    superseded = [one for one in done["skipped"] if one["superseded_by"]]
    failed = [one for one in done["skipped"] if not one["superseded_by"]]
    for one in done["sent"][:SHOWN_MAX]:
        yield f"{one['id']}: {'would be sent again' if done['dry_run'] else 'sent again as event ' + one['event_id']}"
    for one in (failed + superseded)[:SHOWN_MAX]:
        yield f"{one['id']}: not sent: {one['why']}" + (f"; {one['hint']}" if one["hint"] else "")
    hidden = len(done["sent"]) + len(done["skipped"]) - min(len(done["sent"]), SHOWN_MAX)
    hidden -= min(len(done["skipped"]), SHOWN_MAX)
    if hidden:
        yield f"... and {hidden:,} more: --json has all"
    verb = "would be sent again" if done["dry_run"] else "sent again"
    yield f"{len(done['sent']):,} {verb}, {len(superseded):,} superseded, {len(failed):,} cannot be sent"


def _tell_older(found: dict[str, Any]) -> None:
    if not found["complete"]:
        say("older letters were not looked through: --until asks for them")


def group_line(group: dict[str, Any]) -> str:
    newest = local_time(group["newest_ms"], "seconds")
    return f"{group['count']:>9,}  {group['reason']:<24} {group['merchant'] or '-':<20} newest {newest}"


def letter_line(letter: dict[str, Any]) -> str:
    sku, words = letter["sku"] or "-", letter["message"][:100]
    return f"{letter['id']:<20} {local_time(letter['at_ms'], 'seconds')}  {letter['reason']:<22} {sku:<16} {words}"


def _ms(text: str, option: str, now_s: float) -> int:
    return round(since(text, now_s, option) * 1000) if text else 0
