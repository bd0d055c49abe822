"""Cuts a request body into events without changing a byte of them: what the merchant wrote is what Kafka gets."""

import json
from collections.abc import Iterator

from schemas.errors import InvalidRequest

BLANK = " \t\n\r"
ENVELOPE_KEY = '"events"'
_DECODER = json.JSONDecoder()


def ndjson_parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, bytes) of each line that is not blank."""
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            yield number, line.strip()


def json_parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(number from 1, bytes) of each event in one event, a list, or `{"events": [...]}`.

    Raises InvalidRequest where the JSON around the events is broken: then nothing behind that point can be told apart.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _malformed(f"not UTF-8: {error}") from None
    start = _skip(text, 0)
    if text[start : start + 1] == "[":
        yield from _items(text, start, after="")
    elif (events_at := _envelope(text, start)) is not None:
        yield from _items(text, events_at, after="}")
    else:
        yield 1, body.strip()


def _envelope(text: str, start: int) -> int | None:
    """Where the list of `{"events": [...]}` begins; None when the body is no envelope."""
    at = _skip(text, start + 1)
    if text[start : start + 1] != "{" or not text.startswith(ENVELOPE_KEY, at):
        return None
    at = _skip(text, at + len(ENVELOPE_KEY))
    at = _skip(text, at + 1) if text[at : at + 1] == ":" else len(text)
    return at if text[at : at + 1] == "[" else None


def _items(text: str, start: int, after: str) -> Iterator[tuple[int, bytes]]:
    """The items of the list at `start`; behind it only `after` may stand."""
    at, number = _skip(text, start + 1), 0
    while text[at : at + 1] != "]":
        if number:
            at = _skip(text, _expect(text, at, ","))
        end = _value_end(text, at)
        number += 1
        yield number, text[at:end].encode()
        at = _skip(text, end)
    at = _skip(text, at + 1)
    if after:
        at = _skip(text, _expect(text, at, after))
    if at != len(text):
        raise _malformed(f"nothing may stand beside the list of events, found more at character {at}")


def _value_end(text: str, at: int) -> int:
    try:
        end: int = _DECODER.raw_decode(text, at)[1]
        return end
    except (ValueError, RecursionError) as error:
        raise _malformed(f"not valid JSON at character {at}: {error}") from None


def _expect(text: str, at: int, char: str) -> int:
    if text[at : at + 1] != char:
        raise _malformed(f"expected {char!r} at character {at}")
    return at + 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in BLANK:
        at += 1
    return at


def _malformed(message: str) -> InvalidRequest:
    return InvalidRequest(
        "malformed_json", message, hint="One event per line (application/x-ndjson) isolates a bad one."
    )
