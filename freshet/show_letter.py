"""`freshet dlq show` as lines for people: what is wrong, and where in the original it stands."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from freshet.printing import local_time, visible

BEFORE_CHARS: Final = 60
"""Of a long line, around what is marked."""


def letter_lines(letter: dict[str, Any]) -> Iterator[str]:
    facts = {
        "letter": letter["id"],
        "event": letter["event_id"],
        "sku": letter["sku"],
        "merchant": letter["merchant"],
        "refused": local_time(letter["at_ms"]),
        "reason": f"{letter['reason']}: {letter['meaning']}",
        "who": f"{letter['who']} must act",
        "message": letter["message"],
    }
    yield from (f"{name:<10} {value}" for name, value in facts.items() if value)
    yield f"{'original':<10} {letter['original_bytes']:,} bytes"
    yield from marked_lines(letter["original"], letter["marks"])
    if letter["can_resubmit"]:
        yield f"{'send':<10} as it is: freshet dlq replay {letter['id']}"
    elif letter["superseded_by"]:
        yield f"{'send':<10} no longer: {letter['why_not']}"
    elif letter["stage"] != "catalog":
        yield f"{'send':<10} not again: {letter['why_not']}"
    else:
        yield f"{'send':<10} mended: freshet dlq fix {letter['id']} --set FIELD=VALUE"


def marked_lines(original: str, marks: list[dict[str, Any]]) -> Iterator[str]:
    """Each line of the original, and below it what is wrong in it; on one line, the part around it."""
    at = 0
    for line in pretty_or_same(original).splitlines() if not marks else original.split("\n"):
        here = [one for one in marks if one["start"] is not None and at <= one["start"] <= at + len(line)]
        low = max(0, min((one["start"] - at for one in here), default=0) - BEFORE_CHARS) if len(line) > 120 else 0
        shown = line[low : low + 2 * BEFORE_CHARS + 40] if len(line) > 120 else line
        yield f"  {'...' if low else ''}{shown}"
        for one in here:
            start, end = one["start"] - at - low, min(one["end"] - at - low, len(shown))
            under = "^" * max(1, len(visible(shown[start:end])))
            yield f"  {' ' * (len(visible(shown[:start])) + (3 if low else 0))}{under} {_said(one)}"
        at += len(line) + 1
    yield from (f"  missing: {_said(one)}" for one in marks if one["start"] is None)


def pretty_or_same(text: str) -> str:
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return text


def _said(mark: dict[str, Any]) -> str:
    return f"{mark['field']}: {mark['problem']}" if mark["field"] else str(mark["problem"])
