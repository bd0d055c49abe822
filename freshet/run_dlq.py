"""What `freshet dlq ls`, `show` and `replay` do."""

import asyncio
import datetime
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freshet.dead_letters import CannotReplay, event_id_of, find_letter, original_event, read_letters, replay_event
from freshet.exit_codes import FAILED, OK
from freshet.http_door import HttpDoor
from freshet.printing import print_json, print_lines, say
from freshet.target import Target, find_target
from schemas.reasons import REASONS
from schemas.records import DeadLetter
from streams.reader import Reader

REPLAY_BATCH = 200
ORPHAN = "unknown_sku"
"""Reason of a patch without a product: it fails again until there is one."""


def list_letters(reason: str, limit: int, data: Path | None, as_json: bool) -> int:
    target = find_target("", data)
    unreadable: list[int] = []
    with _log(target) as log:
        found = read_letters(log, target.generation, reason, lambda record: unreadable.append(record.offset))
        letters = list(deque(found, maxlen=limit))[::-1]
    if unreadable:
        say(f"{len(unreadable):,} letters cannot be read, the first at offset {unreadable[0]}: of another version?")
    if as_json:
        print_json([letter_facts(letter, whole=False) for letter in letters])
        return OK
    print_lines(map(_letter_line, letters))
    if not letters:
        print_lines(["no dead letters" + (f" with reason {reason}" if reason else "")])
    return OK


def show_letter(letter_id: str, data: Path | None, as_json: bool) -> int:
    target = find_target("", data)
    with _log(target) as log:
        letter = find_letter(log, target.generation, letter_id)
    if as_json:
        print_json(letter_facts(letter, whole=True))
        return OK
    facts = letter_facts(letter, whole=True)
    problems = facts.pop("problems")
    original = facts.pop("original")
    del facts["original_base64"]
    print_lines(f"{name.replace('_', ' '):<12} {value}" for name, value in facts.items() if value not in ("", None))
    print_lines(f"  {field}: {problem}" for field, problem in problems)
    print_lines(["original", original])
    return OK


def replay_letters(letter_id: str | None, reason: str, url: str, data: Path | None, as_json: bool) -> int:
    """FAILED when at least one letter was not replayed."""
    target = find_target(url, data, reads_kafka=True)
    ready: list[tuple[DeadLetter, bytes]] = []
    done: list[dict[str, Any]] = []
    with _log(target) as log:
        chosen = (
            [find_letter(log, target.generation, letter_id)]
            if letter_id
            else list(read_letters(log, target.generation, reason))
        )
        for letter in chosen:
            try:
                original = original_event(letter, log, target.generation)
                ready.append((letter, replay_event(letter, original, event_id_of(letter, target.generation))))
            except CannotReplay as error:
                done.append({"id": letter.id, "refused": error.message, "hint": error.hint})
    done += asyncio.run(send_again(target, ready))
    refused = sum("refused" in one for one in done)
    if as_json:
        print_json({"replayed": len(done) - refused, "refused": refused, "letters": done})
    else:
        print_lines(_replay_line(one) for one in done)
        print_lines([f"{len(done) - refused:,} sent again, {refused:,} not"])
    return FAILED if refused else OK


async def send_again(target: Target, ready: list[tuple[DeadLetter, bytes]]) -> list[dict[str, Any]]:
    """Posts the events; says for each letter which event it became, or why it was not sent."""
    from freshet.imports.importing import line_answers
    from freshet.imports.product_lines import Refused

    done: list[dict[str, Any]] = []
    async with HttpDoor(target.url, target.key) as door:
        orphans = [letter for letter, _ in ready if letter.reason == ORPHAN and not await door.product(letter.sku)]
        done += [
            {"id": letter.id, "refused": f"there is still no product {letter.sku!r}", "hint": "send an upsert"}
            for letter in orphans
        ]
        ready = [(letter, event) for letter, event in ready if letter not in orphans]
        for start in range(0, len(ready), REPLAY_BATCH):
            part = ready[start : start + REPLAY_BATCH]
            said = line_answers(await door.post_lines("/v1/catalog", [event for _, event in part]))
            for number, (letter, _) in enumerate(part, start=1):
                answer = said[number]
                if isinstance(answer, Refused):
                    done.append({"id": letter.id, "refused": answer.message, "hint": "freshet dlq show " + letter.id})
                else:
                    done.append({"id": letter.id, "event_id": str(answer)})
    return done


def _letter_line(letter: DeadLetter) -> str:
    sku, words = letter.sku or "-", letter.message[:100]
    return f"{letter.id:<20} {_time(letter.received_ms)}  {letter.reason:<22} {sku:<16} {words}"


def _replay_line(one: dict[str, Any]) -> str:
    if "refused" in one:
        return f"{one['id']}: not sent: {one['refused']}; {one['hint']}"
    return f"{one['id']}: sent again as event {one['event_id']}"


def letter_facts(letter: DeadLetter, whole: bool) -> dict[str, Any]:
    """For people and programs: times readable, the original as text where it is text."""
    reason = REASONS.get(letter.reason)
    facts: dict[str, Any] = {
        "id": letter.id,
        "event_id": letter.event_id,
        "sku": letter.sku,
        "received": _time(letter.received_ms),
        "stage": letter.stage,
        "reason": letter.reason,
        "meaning": reason.meaning if reason else "",
        "who": letter.who,
        "message": letter.message,
    }
    if whole:
        key, value = letter.original()
        facts["key"] = key.decode("utf-8", "backslashreplace")
        facts["problems"] = letter.problems
        facts["original"] = value.decode("utf-8", "backslashreplace")
        facts["original_base64"] = letter.value
        facts["original_bytes"] = letter.value_bytes
    return facts


def _time(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _log(target: Target) -> Iterator[Reader]:
    log = Reader(target.kafka)
    try:
        yield log
    finally:
        log.close()
